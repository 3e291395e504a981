#include "attention_operations.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "avx512_lanes.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))
#define INLINE TARGET static inline __attribute__((always_inline))

// MARK: products

/// At most 6 rows of 4 vectors, or twice as many of 2: 24 sums, so that additions never wait for each
/// other.
enum { tile_rows = 6, tile_vectors = 4 };

INLINE void fetch_row(const ahead *fetch, long row) {
  for (long v = 0; v < fetch->vectors; v++)
    _mm_prefetch((const char *)(fetch->first + row * fetch->step + v * lanes), _MM_HINT_T1);
}

INLINE void tile(
    const int rows, const int vectors, long pairs, const pair *left, long row_step, long pair_step,
    const pair *right, long right_step, float *c, long c_step, int accumulate, __mmask16 last,
    const ahead *fetch) {
  __m512 sums[2 * tile_rows][tile_vectors];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++)
      sums[i][j] = !accumulate ? _mm512_setzero_ps()
                   : j + 1 < vectors
                       ? _mm512_loadu_ps(c + i * c_step + j * lanes)
                       : _mm512_maskz_loadu_ps(last, c + i * c_step + j * lanes);
  const long fetched = fetch ? fetch->rows : 0;
  for (long p = 0; p < pairs; p++) {
    if (p < fetched) fetch_row(fetch, p);
    __m512bh b[tile_vectors];
    for (int j = 0; j < vectors; j++)
      b[j] = (__m512bh)_mm512_loadu_si512(right + p * right_step + j * lanes);
    for (int i = 0; i < rows; i++) {
      int both;
      __builtin_memcpy(&both, left + i * row_step + p * pair_step, sizeof both);
      const __m512bh a = (__m512bh)_mm512_set1_epi32(both);
      for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], a, b[j]);
    }
  }
  for (long p = pairs; p < fetched; p++) fetch_row(fetch, p);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++)
      if (j + 1 < vectors)
        _mm512_storeu_ps(c + i * c_step + j * lanes, sums[i][j]);
      else
        _mm512_mask_storeu_ps(c + i * c_step + j * lanes, last, sums[i][j]);
}

/// All rows of one strip of `vectors` vectors.
INLINE void strip(
    long rows, const int vectors, long pairs, const pair *left, long row_step, long pair_step,
    const pair *right, long right_step, float *c, long c_step, int accumulate, __mmask16 last,
    const ahead *fetch) {
#define ROWS(COUNT)                                                                                \
  tile(                                                                                            \
      COUNT, vectors, pairs, left, row_step, pair_step, right, right_step, c, c_step, accumulate,  \
      last, fetch)
#define ALL(COUNT)                                                                                 \
  for (; rows >= COUNT; rows -= COUNT) {                                                           \
    ROWS(COUNT);                                                                                   \
    left += COUNT * row_step;                                                                      \
    c += COUNT * c_step;                                                                           \
    fetch = 0;                                                                                     \
  }
  if (vectors <= tile_vectors / 2) ALL(2 * tile_rows)
  ALL(tile_rows)
  switch (rows) {
    case 1: ROWS(1); break;
    case 2: ROWS(2); break;
    case 3: ROWS(3); break;
    case 4: ROWS(4); break;
    case 5: ROWS(5); break;
    default: break;
  }
#undef ALL
#undef ROWS
}

TARGET static void product(
    long rows, long columns, long pairs, const pair *left, long row_step, long pair_step,
    const pair *right, long right_step, float *c, long c_step, int accumulate,
    const ahead *fetch) {
#define STRIP(VECTORS)                                                                             \
  strip(                                                                                           \
      rows, VECTORS, pairs, left, row_step, pair_step, right, right_step, c, c_step, accumulate,   \
      first_lanes(columns - (VECTORS - 1) * lanes), fetch)
  for (; columns > 0; columns -= tile_vectors * lanes) {
    switch ((columns + lanes - 1) / lanes) {
      case 1: STRIP(1); break;
      case 2: STRIP(2); break;
      case 3: STRIP(3); break;
      default: STRIP(4); break;
    }
    right += tile_vectors * lanes;
    c += tile_vectors * lanes;
    fetch = 0;
  }
#undef STRIP
}

// MARK: exponentials

/// 2ˣ to about one unit in the last place, zero far below.
INLINE __m512 power_of_two(__m512 x) {
  const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, n);
  // Minimax on [−½, ½].
  __m512 p = _mm512_set1_ps(1.535336188319500e-4f);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.339887440266574e-3f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(9.618437357674640e-3f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.550332471162809e-2f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.402264791363012e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.931472028550421e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1));
  return _mm512_scalef_ps(p, n);
}

TARGET static void softmax(
    long rows, const float *scores, const long *visible, float scale, float *maxima, float *sums,
    float *output, long width, pair *probabilities) {
  enum { vectors = page_tokens / lanes };
  for (long i = 0; i < rows; i++) {
    const float *row = scores + i * page_tokens;
    pair *p = probabilities + i * (page_tokens / 2);
    if (visible[i] <= 0) {
      _mm512_storeu_si512(p, _mm512_setzero_si512());
      _mm512_storeu_si512(p + lanes, _mm512_setzero_si512());
      continue;
    }
    const __m512 none = _mm512_set1_ps(-__builtin_inff());
    __m512 x[vectors];
    for (int j = 0; j < vectors; j++) {
      const __mmask16 mask = first_lanes(visible[i] - j * lanes);
      x[j] = _mm512_mask_mul_ps(
          none, mask, _mm512_maskz_loadu_ps(mask, row + j * lanes), _mm512_set1_ps(scale));
    }
    const float largest = _mm512_reduce_max_ps(
        _mm512_max_ps(_mm512_max_ps(x[0], x[1]), _mm512_max_ps(x[2], x[3])));
    __m512 sum = _mm512_loadu_ps(sums + i * lanes);
    if (largest > maxima[i]) {
      const __m512 shrink = power_of_two(_mm512_set1_ps(maxima[i] - largest));
      maxima[i] = largest;
      sum = _mm512_mul_ps(sum, shrink);
      float *o = output + i * width;
      for (long d = 0; d < width; d += lanes)
        _mm512_storeu_ps(o + d, _mm512_mul_ps(_mm512_loadu_ps(o + d), shrink));
    }
    const __m512 top = _mm512_set1_ps(maxima[i]);
    for (int j = 0; j < vectors; j++) {
      const __mmask16 mask = first_lanes(visible[i] - j * lanes);
      x[j] = _mm512_maskz_mov_ps(mask, power_of_two(_mm512_sub_ps(x[j], top)));
      sum = _mm512_add_ps(sum, x[j]);
    }
    _mm512_storeu_ps(sums + i * lanes, sum);
    _mm512_storeu_si512(p, (__m512i)_mm512_cvtne2ps_pbh(x[1], x[0]));
    _mm512_storeu_si512(p + lanes, (__m512i)_mm512_cvtne2ps_pbh(x[3], x[2]));
  }
}

/// Two rows of 16 values to 16 pairs.
INLINE __m512i interleave(__m512 first, __m512 second) {
  const __m512i order = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19,
      3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(second, first));
}

TARGET static void score_gradient(
    long rows, const float *scores, const float *dp, const long *visible, float exponent_scale,
    const float *log_sum, const float *mean, float scale, pair *d_rows, pair *d_pairs,
    pair *p_pairs) {
  enum { vectors = page_tokens / lanes };
  for (long i = 0; i < rows; i += 2) {
    __m512 p[2][vectors], d[2][vectors];
    for (int r = 0; r < 2; r++) {
      const __m512 shift = _mm512_set1_ps(log_sum[i + r]), middle = _mm512_set1_ps(mean[i + r]);
      for (int j = 0; j < vectors; j++) {
        const long at = (i + r) * page_tokens + j * lanes;
        const __mmask16 mask = first_lanes(visible[i + r] - j * lanes);
        const __m512 x = _mm512_fmsub_ps(
            _mm512_maskz_loadu_ps(mask, scores + at), _mm512_set1_ps(exponent_scale), shift);
        p[r][j] = _mm512_maskz_mov_ps(mask, power_of_two(x));
        d[r][j] = _mm512_maskz_mul_ps(
            mask, _mm512_mul_ps(p[r][j], _mm512_set1_ps(scale)),
            _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, dp + at), middle));
      }
      for (int j = 0; j < vectors; j += 2)
        _mm512_storeu_si512(
            d_rows + (i + r) * (page_tokens / 2) + j * (lanes / 2),
            (__m512i)_mm512_cvtne2ps_pbh(d[r][j + 1], d[r][j]));
    }
    for (int j = 0; j < vectors; j++) {
      _mm512_storeu_si512(d_pairs + i / 2 * page_tokens + j * lanes, interleave(d[0][j], d[1][j]));
      _mm512_storeu_si512(p_pairs + i / 2 * page_tokens + j * lanes, interleave(p[0][j], p[1][j]));
    }
  }
}

// MARK: packing

INLINE __m256i rounded(const float *x, long count) {
  return (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(first_lanes(count), x));
}

TARGET static void round_row(const float *x, long count, pair *y) {
  for (long i = 0; i < count; i += lanes)
    _mm256_mask_storeu_epi16(y + i / 2, first_lanes(count - i), rounded(x + i, count - i));
}

TARGET static void pack_channels(
    const float *x, long step, long tokens, long channels, pair *panel, long slot) {
  for (; tokens >= lanes; tokens -= lanes, x += lanes * step, slot += lanes)
    for (long d = 0; d < channels; d += 2 * lanes) {
      __m512i words[lanes];
      for (int t = 0; t < lanes; t++) {
        const float *row = x + t * step + d;
        const __m512 first = _mm512_maskz_loadu_ps(first_lanes(channels - d), row);
        const __m512 second =
            _mm512_maskz_loadu_ps(first_lanes(channels - d - lanes), row + lanes);
        words[t] = (__m512i)_mm512_cvtne2ps_pbh(second, first);
      }
      transpose(words);
      for (int i = 0; i < lanes && d + 2 * i < channels; i++)
        _mm512_storeu_si512(panel + (d / 2 + i) * page_tokens + slot, words[i]);
    }
  for (long t = 0; t < tokens; t++)
    for (long d = 0; d < channels; d += lanes) {
      pair words[lanes / 2];
      _mm256_storeu_si256((__m256i *)words, rounded(x + t * step + d, channels - d));
      for (int i = 0; i < lanes / 2 && d + 2 * i < channels; i++)
        panel[(d / 2 + i) * page_tokens + slot + t] = words[i];
    }
}

TARGET static void pack_tokens(
    const float *x, long step, long tokens, long channels, pair *panel, long width, long slot) {
  for (long t = 0; t < tokens;) {
    pair *row = panel + (slot + t) / 2 * width;
    const int second = (slot + t) % 2, both = !second && t + 1 < tokens;
    for (long d = 0; d < channels; d += lanes) {
      const __mmask16 mask = first_lanes(channels - d);
      const __m512 a = _mm512_maskz_loadu_ps(mask, x + t * step + d);
      if (both) {
        const __m512 b = _mm512_maskz_loadu_ps(mask, x + (t + 1) * step + d);
        _mm512_storeu_si512(row + d, interleave(a, b));
      } else if (second) {
        const __m512i fresh = interleave(_mm512_setzero_ps(), a);
        _mm512_storeu_si512(
            row + d, _mm512_mask_mov_epi16(_mm512_loadu_si512(row + d), 0xaaaaaaaa, fresh));
      } else {
        _mm512_storeu_si512(row + d, interleave(a, _mm512_setzero_ps()));
      }
    }
    t += both ? 2 : 1;
  }
}

TARGET static float dot(const float *a, const float *b, long count) {
  __m512 sum = _mm512_setzero_ps();
  for (long i = 0; i < count; i += lanes) {
    const __mmask16 mask = first_lanes(count - i);
    sum = _mm512_fmadd_ps(
        _mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i), sum);
  }
  return _mm512_reduce_add_ps(sum);
}

const attention_operations attention_avx512 = {
    product, softmax, score_gradient, round_row, pack_channels, pack_tokens, dot,
};

#endif
