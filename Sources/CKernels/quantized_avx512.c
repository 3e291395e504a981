#include "quantized_panels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline))

/// Rows that share a panel's loads: 2 · TILE integer and as many float sums live in registers.
enum { TILE = 6 };

typedef struct {
  const uint8_t *panel;
  const int8_t *x;
  const hs_activation_block *blocks;
  float *y;
  long ldy, inputs, columns;
  /// How far ahead to ask for memory; 0 where it was done.
  long ahead;
} tile_context;

VNNI INLINE __m512 scales(const uint8_t *p, int half, int wide) {
  if (wide) return _mm512_loadu_ps((const float *)p + half * 16);
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p + half));
}

VNNI INLINE __m512i four(const int8_t *x) {
  int32_t value;
  __builtin_memcpy(&value, x, 4);
  return _mm512_set1_epi32(value);
}

/// sums[row][half] += 16 outputs × 4 inputs of each half of the panel.
VNNI INLINE void add_products(
    __m512i sums[TILE][2], __m512i w0, __m512i w1, const int8_t *x, long ldx, const int rows) {
  for (int i = 0; i < rows; i++) {
    const __m512i a = four(x + i * ldx);
    sums[i][0] = _mm512_dpbusd_epi32(sums[i][0], w0, a);
    sums[i][1] = _mm512_dpbusd_epi32(sums[i][1], w1, a);
  }
}

VNNI INLINE void tile(
    const tile_context *c, const int rows, const int bits, const int offsets, const int wide) {
  const long count = c->inputs / HS_BLOCK, ldx = c->inputs;
  const long scale_size = HS_PANEL * (wide ? 4 : 2), header = scale_size * (offsets ? 2 : 1);
  const __m512i nibble = _mm512_set1_epi8(15);
  const uint8_t *p = c->panel;
  __m512 totals[TILE][2];
  for (int i = 0; i < rows; i++) totals[i][0] = totals[i][1] = _mm512_setzero_ps();
  for (long block = 0; block < count; block++) {
    const hs_activation_block *a = c->blocks + block;
    const int8_t *x = c->x + block * HS_BLOCK;
    __m512i sums[TILE][2];
    for (int i = 0; i < rows; i++) {
      const hs_activation_block *b = a + i * count;
      sums[i][0] = sums[i][1] = offsets ? _mm512_setzero_si512()
                                        : _mm512_set1_epi32(
                                              bits == 4 ? b->minus_8_sums : b->minus_128_sums);
    }
    const __m512i *q = (const __m512i *)(p + header);
    // The next panel comes from memory while this one is multiplied; the processor's own prefetch
    // does better where multiplying takes less time than loading.
    if (c->ahead && rows > (bits == 4 ? 2 : 3))
      for (long line = 0; line < header + HS_PANEL * HS_BLOCK * bits / 8; line += 64)
        _mm_prefetch((const char *)p + c->ahead + line, _MM_HINT_T0);
    if (bits == 4) {
#pragma clang loop unroll(full)
      for (int g = 0; g < 4; g++) {
        __m512i w0 = _mm512_loadu_si512(q + g * 2), w1 = _mm512_loadu_si512(q + g * 2 + 1);
        add_products(
            sums, _mm512_and_si512(w0, nibble), _mm512_and_si512(w1, nibble), x + g * 4, ldx, rows);
        w0 = _mm512_and_si512(_mm512_srli_epi16(w0, 4), nibble);
        w1 = _mm512_and_si512(_mm512_srli_epi16(w1, 4), nibble);
        add_products(sums, w0, w1, x + 16 + g * 4, ldx, rows);
      }
    } else {
#pragma clang loop unroll(full)
      for (int g = 0; g < 8; g++)
        add_products(
            sums, _mm512_loadu_si512(q + g * 2), _mm512_loadu_si512(q + g * 2 + 1), x + g * 4, ldx,
            rows);
    }
    for (int half = 0; half < 2; half++) {
      const __m512 scale = scales(p, half, wide);
      const __m512 offset = offsets ? scales(p + scale_size, half, wide) : _mm512_setzero_ps();
      for (int i = 0; i < rows; i++) {
        const hs_activation_block *b = a + i * count;
        const __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(b->scale));
        totals[i][half] =
            _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[i][half]), both, totals[i][half]);
        if (offsets)
          totals[i][half] =
              _mm512_fmadd_ps(offset, _mm512_set1_ps(b->scaled_sum), totals[i][half]);
      }
    }
    p += header + HS_PANEL * HS_BLOCK * bits / 8;
  }
  for (int half = 0; half < 2; half++) {
    const long left = c->columns - half * 16;
    const __mmask16 mask = left >= 16 ? 0xFFFF : left > 0 ? (__mmask16)((1u << left) - 1) : 0;
    for (int i = 0; i < rows; i++)
      _mm512_mask_storeu_ps(c->y + i * c->ldy + half * 16, mask, totals[i][half]);
  }
}

#define ROWS(COUNT, BITS, OFFSETS, WIDE)                                                           \
  case COUNT: tile(&c, COUNT, BITS, OFFSETS, WIDE); break;
#define STORAGE(BITS, OFFSETS, WIDE)                                                               \
  VNNI static void rows_##BITS##_##OFFSETS##_##WIDE(tile_context c, long rows) {                   \
    while (rows > 0) {                                                                             \
      const long count = rows < TILE ? rows : TILE;                                                \
      switch (count) {                                                                             \
        ROWS(1, BITS, OFFSETS, WIDE)                                                               \
        ROWS(2, BITS, OFFSETS, WIDE)                                                               \
        ROWS(3, BITS, OFFSETS, WIDE)                                                               \
        ROWS(4, BITS, OFFSETS, WIDE)                                                               \
        ROWS(5, BITS, OFFSETS, WIDE)                                                               \
        default: tile(&c, TILE, BITS, OFFSETS, WIDE);                                              \
      }                                                                                            \
      c.x += count * c.inputs;                                                                     \
      c.blocks += count * (c.inputs / HS_BLOCK);                                                   \
      c.y += count * c.ldy;                                                                        \
      c.ahead = 0;                                                                                 \
      rows -= count;                                                                               \
    }                                                                                              \
  }
STORAGE(4, 0, 0)
STORAGE(4, 0, 1)
STORAGE(4, 1, 0)
STORAGE(4, 1, 1)
STORAGE(8, 0, 0)
STORAGE(8, 0, 1)
STORAGE(8, 1, 0)
STORAGE(8, 1, 1)

void hs_quantized_avx512(
    const hs_quantized *weight, const hs_activations *x, long rows, float *y, long ldy,
    long first_panel, long end_panel) {
  const hs_quantized_shape *s = &weight->shape;
  for (long panel = first_panel; panel < end_panel; panel++) {
    const long column = panel * HS_PANEL;
    const tile_context c = {
        .panel = weight->blocks + panel * panel_bytes(s),
        .x = x->values,
        .blocks = x->blocks,
        .y = y + column,
        .ldy = ldy,
        .inputs = s->inputs,
        .ahead = panel_bytes(s),
        .columns = s->outputs - column < HS_PANEL ? s->outputs - column : HS_PANEL,
    };
#define CALL(BITS, OFFSETS, WIDE) rows_##BITS##_##OFFSETS##_##WIDE(c, rows)
    FOR_STORAGE(s, CALL);
#undef CALL
  }
}
#endif
