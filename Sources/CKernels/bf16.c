#include "bf16.h"

#include "bf16_scalar.h"
#if defined(__x86_64__) && !defined(HS_PORTABLE_KERNELS)
#include "avx512_lanes.h"
#endif

enum { PANEL = 64, LANES = 16, TILE = 6 };

long hs_bf16_packed_count(long steps, long columns) {
  return (columns + PANEL - 1) / PANEL * ((steps + 1) / 2) * PANEL * 2;
}

void hs_bf16_unpack_column(const uint16_t *panels, long steps, long index, float *y) {
  const uint16_t *panel = panels + index / PANEL * ((steps + 1) / 2) * PANEL * 2;
  for (long k = 0; k < steps; k++)
    y[k] = widened(panel[k / 2 * PANEL * 2 + index % PANEL * 2 + k % 2]);
}

// What the instructions below do, for any processor; also the reference that tests compare with.

static void round_plain(
    const float *x, long ldx, long rows, long columns, uint16_t *y, long ldy) {
  for (long i = 0; i < rows; i++) {
    for (long k = 0; k < columns; k++) y[i * ldy + k] = rounded(x[i * ldx + k]);
    if (columns % 2) y[i * ldy + columns] = 0;
  }
}

static void pack_rows_plain(
    const float *x, long ldx, long steps, long columns, float scale, uint16_t *panels,
    long stride, uint16_t *copy, long ldcopy) {
  long pairs = (steps + 1) / 2;
  if (copy) round_plain(x, ldx, steps, columns, copy, ldcopy);
  for (long n = 0; n < (columns + PANEL - 1) / PANEL * PANEL; n++) {
    uint16_t *to = panels + n / PANEL * stride + n % PANEL * 2;
    for (long k = 0; k < pairs * 2; k++)
      to[k / 2 * PANEL * 2 + k % 2] =
          n < columns && k < steps ? rounded(x[k * ldx + n] * scale) : 0;
  }
}

static void pack_columns_plain(
    const float *x, long ldx, long columns, long steps, float scale, uint16_t *panels) {
  long pairs = (steps + 1) / 2;
  for (long n = 0; n < (columns + PANEL - 1) / PANEL * PANEL; n++) {
    uint16_t *to = panels + n / PANEL * pairs * PANEL * 2 + n % PANEL * 2;
    for (long k = 0; k < pairs * 2; k++)
      to[k / 2 * PANEL * 2 + k % 2] =
          n < columns && k < steps ? rounded(x[n * ldx + k] * scale) : 0;
  }
}

static inline int takes_part(const struct hs_bf16_operands *o, long column) {
  return column / PANEL >= o->first && column / PANEL < o->end;
}

static void multiply_plain(
    const struct hs_bf16_operands *operands, int count, float *y, long ldy, long row, long row_end,
    long column, long column_end, int accumulate, struct hs_bf16_next next) {
  (void)next;
  for (long i = row; i < row_end; i++)
    for (long n = column; n < column_end; n++) {
      float sum = accumulate ? y[i * ldy + n] : 0;
      for (const struct hs_bf16_operands *o = operands; o < operands + count; o++) {
        if (!takes_part(o, n)) continue;
        const uint16_t *panel = o->panels + (n / PANEL - o->first) * o->stride + n % PANEL * 2;
        for (long p = 0; p < o->pairs; p++) {
          uint32_t word = o->left[i * o->row + p * o->pair];
          // The instruction's order: the odd step first, each rounded.
          sum += widened((uint16_t)(word >> 16)) * widened(panel[p * PANEL * 2 + 1]);
          sum += widened((uint16_t)word) * widened(panel[p * PANEL * 2]);
        }
      }
      y[i * ldy + n] = sum;
    }
}

#if defined(__x86_64__) && !defined(HS_PORTABLE_KERNELS)
#define BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define INLINE static inline __attribute__((always_inline))

int hs_bf16_supported(void) {
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

/// Row by row, as x lies in memory: column by column every access would be on another page.
BF16 static void pack_rows_avx512(
    const float *x, long ldx, long steps, long columns, float scale, uint16_t *panels,
    long stride, uint16_t *copy, long ldcopy) {
  long pairs = (steps + 1) / 2;
  __m512 factor = _mm512_set1_ps(scale);
  // What is packed beside a copy is an operand of all rows, mostly read when all of them have been packed:
  // past the caches, which it would only sweep.
  const int past_caches = copy && (uintptr_t)panels % 64 == 0;
  for (long p = 0; p < pairs; p++) {
    const float *from = x + 2 * p * ldx;
    const int has_odd = 2 * p + 1 < steps;
    for (long n = 0; n < columns; n += LANES) {
      __mmask16 mask = first_lanes(columns - n);
      __m512 even = _mm512_maskz_loadu_ps(mask, from + n);
      __m512 odd = has_odd ? _mm512_maskz_loadu_ps(mask, from + ldx + n) : _mm512_setzero_ps();
      __m256i low = (__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(even, factor));
      __m256i high = (__m256i)_mm512_cvtneps_pbh(_mm512_mul_ps(odd, factor));
      uint16_t *to = panels + n / PANEL * stride + p * PANEL * 2 + n % PANEL * 2;
      const __m512i both = _mm512_or_si512(
          _mm512_cvtepu16_epi32(low), _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16));
      if (past_caches) _mm512_stream_si512((__m512i *)(void *)to, both);
      else _mm512_storeu_si512(to, both);
      if (!copy) continue;
      __mmask16 even_count = first_lanes((columns - n + 1) / 2 * 2);
      _mm256_mask_storeu_epi16(copy + 2 * p * ldcopy + n, even_count, low);
      if (has_odd) _mm256_mask_storeu_epi16(copy + (2 * p + 1) * ldcopy + n, even_count, high);
    }
  }
  if (past_caches) _mm_sfence();
  // The last panel's missing columns.
  long filled = (columns + LANES - 1) / LANES * LANES;
  for (long n = filled; n % PANEL != 0; n += LANES)
    for (long p = 0; p < pairs; p++)
      _mm512_storeu_si512(
          panels + n / PANEL * stride + n % PANEL * 2 + p * PANEL * 2,
          _mm512_setzero_si512());
}

BF16 static void pack_columns_avx512(
    const float *x, long ldx, long columns, long steps, float scale, uint16_t *panels) {
  long pairs = (steps + 1) / 2;
  __m512 factor = _mm512_set1_ps(scale);
  for (long n = 0; n < (columns + PANEL - 1) / PANEL * PANEL; n += LANES) {
    uint16_t *to = panels + n / PANEL * pairs * PANEL * 2 + n % PANEL * 2;
    for (long p = 0; p < pairs; p += LANES) {
      __m512i rows[LANES];
      long left = steps - 2 * p;
      __mmask32 mask = left >= 32 ? 0xffffffffu : (1u << left) - 1;
      for (int i = 0; i < LANES; i++) {
        __m512 low = _mm512_setzero_ps(), high = low;
        if (n + i < columns) {
          const float *from = x + (n + i) * ldx + 2 * p;
          low = _mm512_maskz_loadu_ps((__mmask16)mask, from);
          if (mask >> 16) high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + LANES);
        }
        rows[i] = (__m512i)_mm512_cvtne2ps_pbh(
            _mm512_mul_ps(high, factor), _mm512_mul_ps(low, factor));
      }
      transpose(rows);
      for (int i = 0; i < LANES && p + i < pairs; i++)
        _mm512_storeu_si512(to + (p + i) * PANEL * 2, rows[i]);
    }
  }
}

BF16 static void round_avx512(
    const float *x, long ldx, long rows, long columns, uint16_t *y, long ldy) {
  for (long i = 0; i < rows; i++) {
    long k = 0;
    for (; k + LANES <= columns; k += LANES)
      _mm256_storeu_si256(
          (__m256i *)(y + i * ldy + k), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x + i * ldx + k)));
    if (k < columns) round_plain(x + i * ldx + k, ldx, 1, columns - k, y + i * ldy + k, ldy);
  }
}

/// Memory that will be wanted next, fetched beside the sums: a tile's steps take a few lines each.
typedef struct {
  const char *next, *end;
  int lines;
  struct hs_bf16_pages *pages;
} ahead;

BF16 INLINE void fetch_line(struct hs_bf16_pages *pages) {
  if (pages->at == pages->end) {
    if (pages->next == pages->count) return;
    pages->at = (const char *)pages->bases[pages->next++] + pages->offset;
    pages->end = pages->at + pages->bytes;
  }
  _mm_prefetch(pages->at, _MM_HINT_T1);
  pages->at += 64;
}

/// One tile of `rows` × 16·`vectors` sums.
BF16 INLINE void tile(
    const struct hs_bf16_operands *operands, int count, long i, long n, float *y, long ldy,
    const __mmask16 *masks, int accumulate, ahead fetch, const int rows, const int vectors) {
  __m512 sums[TILE][4];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++)
      sums[r][v] = accumulate
          ? _mm512_maskz_loadu_ps(masks[v], y + (i + r) * ldy + n + v * LANES)
          : _mm512_setzero_ps();
  for (const struct hs_bf16_operands *o = operands; o < operands + count; o++) {
    const uint32_t *left = o->left + i * o->row;
    if (!takes_part(o, n)) continue;
    const uint16_t *right = o->panels + (n / PANEL - o->first) * o->stride + n % PANEL * 2;
    long step = o->row, pair = o->pair;
    for (long p = 0; p < o->pairs; p++, left += pair, right += PANEL * 2) {
      if (fetch.next < fetch.end)
        for (int line = 0; line < fetch.lines; line++, fetch.next += 64)
          _mm_prefetch(fetch.next, _MM_HINT_T1);
      // Every other step: with the weights' own lines that is about what memory can give meanwhile.
      if (fetch.pages && p % 2) fetch_line(fetch.pages);
      __m512bh w[4];
      for (int v = 0; v < vectors; v++) w[v] = (__m512bh)_mm512_loadu_si512(right + v * LANES * 2);
      for (int r = 0; r < rows; r++) {
        __m512bh x = (__m512bh)_mm512_set1_epi32((int)left[r * step]);
        for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], x, w[v]);
      }
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++)
      _mm512_mask_storeu_ps(y + (i + r) * ldy + n + v * LANES, masks[v], sums[r][v]);
}

BF16 static void tiles(
    const struct hs_bf16_operands *o, int count, long i, long rows, long n, float *y, long ldy,
    const __mmask16 *masks, int accumulate, ahead fetch, int vectors) {
#define CASE(R, V)                                                  \
  case R * 8 + V:                                                   \
    tile(o, count, i, n, y, ldy, masks, accumulate, fetch, R, V);   \
    return;
#define CASES(R) CASE(R, 1) CASE(R, 2) CASE(R, 3) CASE(R, 4)
  switch (rows * 8 + vectors) { CASES(1) CASES(2) CASES(3) CASES(4) CASES(5) CASES(6) }
#undef CASES
#undef CASE
}

BF16 static void multiply_avx512(
    const struct hs_bf16_operands *operands, int count, float *y, long ldy, long row, long row_end,
    long column, long column_end, int accumulate, struct hs_bf16_next after) {
  // Rows in tiles of nearly the same height: eight are 4 + 4 rather than 6 + 2.
  long m = row_end - row, blocks = (m + TILE - 1) / TILE;
  // A copy of one's own: other threads' stand in the same cache lines.
  struct hs_bf16_pages pages = {0};
  if (after.pages) pages = *after.pages;
  for (long n = column, end; n < column_end; n = end) {
    end = (n / PANEL + 1) * PANEL;
    if (end > column_end) end = column_end;
    __mmask16 masks[4];
    int vectors = 0;
    for (long left = end - n; left > 0; left -= LANES)
      masks[vectors++] = first_lanes(left);
    // While this panel is multiplied the next one comes from memory, a share with every tile: the
    // next product's, behind the last. (Where a panel has one tile only, the processor's own prefetch
    // is as good, but it knows of no other product.)
    ahead fetch = {0, 0, blocks < 2 ? 4 : blocks < 4 ? 2 : 1, after.pages ? &pages : 0};
    long bytes = operands->pairs * PANEL * 4;
    const char *next = (const char *)(operands->panels + end / PANEL * operands->stride);
    int fetches = blocks > 1 && end + PANEL <= column_end;
    if (end == column_end && after.first) {
      fetches = 1;
      next = after.first;
      if (bytes > after.bytes) bytes = after.bytes;
    }
    long share = (bytes / 64 + blocks - 1) / blocks * 64;
    for (long b = 0; b < blocks; b++) {
      long i = m * b / blocks, rows = m * (b + 1) / blocks - i;
      if (fetches) {
        fetch.next = next + b * share;
        fetch.end = next + ((b + 1) * share < bytes ? (b + 1) * share : bytes);
      }
      tiles(operands, count, row + i, rows, n, y, ldy, masks, accumulate, fetch, vectors);
    }
  }
  if (after.pages) *after.pages = pages;
}

#define DISPATCH(NAME, ...)       \
  do {                            \
    if (hs_bf16_supported()) {    \
      NAME##_avx512(__VA_ARGS__); \
      return;                     \
    }                             \
    NAME##_plain(__VA_ARGS__);    \
  } while (0)
#else
int hs_bf16_supported(void) { return 0; }
#define DISPATCH(NAME, ...) NAME##_plain(__VA_ARGS__)
#endif

void hs_bf16_pack_rows(
    const float *x, long ldx, long steps, long columns, float scale, uint16_t *panels,
    long stride, uint16_t *copy, long ldcopy) {
  DISPATCH(pack_rows, x, ldx, steps, columns, scale, panels, stride, copy, ldcopy);
}

void hs_bf16_pack_columns(
    const float *x, long ldx, long columns, long steps, float scale, uint16_t *panels) {
  DISPATCH(pack_columns, x, ldx, columns, steps, scale, panels);
}

void hs_bf16_round(const float *x, long ldx, long rows, long columns, uint16_t *y, long ldy) {
  DISPATCH(round, x, ldx, rows, columns, y, ldy);
}

void hs_bf16_multiply(
    const struct hs_bf16_operands *operands, int count, float *y, long ldy, long row, long row_end,
    long column, long column_end, int accumulate, struct hs_bf16_next next) {
  DISPATCH(multiply, operands, count, y, ldy, row, row_end, column, column_end, accumulate, next);
}
