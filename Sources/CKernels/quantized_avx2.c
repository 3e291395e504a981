#include "quantized_panels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVXVNNI __attribute__((target("avx2,fma,f16c,avxvnni")))
#define INLINE static inline __attribute__((always_inline))

/// Rows that share a load of weights, and outputs a register holds.
enum { TILE = 4, LANES = 8 };

AVX2 INLINE __m256 scales_avx2(const uint8_t *p, int part, int wide) {
  if (wide) return _mm256_loadu_ps((const float *)p + part * LANES);
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p + part));
}

AVX2 INLINE __m256i four_avx2(const int8_t *x) {
  int32_t value;
  __builtin_memcpy(&value, x, 4);
  return _mm256_set1_epi32(value);
}

/// Sums of four products through 16 bits, which hold two products of at most 128 · 127. Bytes with
/// a zero of 128 are therefore taken as signed, their sign moved over to the activations.
AVX2 INLINE __m256i add_avx2(__m256i sum, __m256i w, __m256i x, const int is_signed) {
  if (is_signed) {
    w = _mm256_xor_si256(w, _mm256_set1_epi8(-128));
    x = _mm256_sign_epi8(x, w);
    w = _mm256_abs_epi8(w);
  }
  const __m256i pairs = _mm256_maddubs_epi16(w, x);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

AVXVNNI INLINE __m256i add_avxvnni(__m256i sum, __m256i w, __m256i x, const int is_signed) {
  (void)is_signed;
  return _mm256_dpbusd_avx_epi32(sum, w, x);
}

typedef struct {
  const uint8_t *panel;
  const int8_t *x;
  const hs_activation_block *blocks;
  float *y;
  long ldy, inputs, columns;
} tile_context;

// One body, compiled for both. VNNI multiplies any unsigned byte and corrects for the zero of 128
// by where the sum starts; without it that zero is subtracted first.
#define DEFINE_TILE(SET, TARGET, HAS_VNNI)                                                         \
  /* Eight outputs of a panel, `part` of its four. */                                              \
  TARGET INLINE void tile_##SET(                                                                   \
      const tile_context *c, const int part, const int rows, const int bits, const int offsets,    \
      const int wide) {                                                                            \
    const long count = c->inputs / HS_BLOCK;                                                       \
    const long scale_size = HS_PANEL * (wide ? 4 : 2), header = scale_size * (offsets ? 2 : 1);    \
    const __m256i nibble = _mm256_set1_epi8(15);                                                   \
    const int is_signed = bits == 8 && !offsets;                                                   \
    const uint8_t *p = c->panel;                                                                   \
    __m256 totals[TILE];                                                                           \
    for (int i = 0; i < rows; i++) totals[i] = _mm256_setzero_ps();                                \
    for (long block = 0; block < count; block++) {                                                 \
      const hs_activation_block *a = c->blocks + block;                                            \
      const int8_t *x = c->x + block * HS_BLOCK;                                                   \
      __m256i sums[TILE];                                                                          \
      for (int i = 0; i < rows; i++) {                                                             \
        const hs_activation_block *b = a + i * count;                                              \
        const int32_t start = bits == 4 ? b->minus_8_sums : HAS_VNNI ? b->minus_128_sums : 0;      \
        sums[i] = _mm256_set1_epi32(offsets ? 0 : start);                                          \
      }                                                                                            \
      const __m256i *q = (const __m256i *)(p + header) + part;                                     \
      for (int g = 0; g < 8; g++) {                                                                \
        __m256i w = _mm256_loadu_si256(q + (bits == 4 ? g % 4 : g) * 4);                           \
        if (bits == 4 && g >= 4) w = _mm256_srli_epi16(w, 4);                                      \
        if (bits == 4) w = _mm256_and_si256(w, nibble);                                            \
        for (int i = 0; i < rows; i++)                                                             \
          sums[i] = add_##SET(sums[i], w, four_avx2(x + i * c->inputs + g * 4), is_signed);        \
      }                                                                                            \
      const __m256 scale = scales_avx2(p, part, wide);                                             \
      const __m256 offset =                                                                        \
          offsets ? scales_avx2(p + scale_size, part, wide) : _mm256_setzero_ps();                 \
      for (int i = 0; i < rows; i++) {                                                             \
        const hs_activation_block *b = a + i * count;                                              \
        const __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(b->scale));                        \
        totals[i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[i]), both, totals[i]);                 \
        if (offsets)                                                                               \
          totals[i] = _mm256_fmadd_ps(offset, _mm256_set1_ps(b->scaled_sum), totals[i]);           \
      }                                                                                            \
      p += header + HS_PANEL * HS_BLOCK * bits / 8;                                                \
    }                                                                                              \
    for (int i = 0; i < rows; i++) {                                                               \
      float *y = c->y + i * c->ldy + part * LANES;                                                 \
      float lanes[LANES];                                                                          \
      _mm256_storeu_ps(lanes, totals[i]);                                                          \
      for (long j = 0; j < LANES && part * LANES + j < c->columns; j++) y[j] = lanes[j];           \
    }                                                                                              \
  }                                                                                                \
  STORAGE(SET, TARGET, 4, 0, 0)                                                                    \
  STORAGE(SET, TARGET, 4, 0, 1)                                                                    \
  STORAGE(SET, TARGET, 4, 1, 0)                                                                    \
  STORAGE(SET, TARGET, 4, 1, 1)                                                                    \
  STORAGE(SET, TARGET, 8, 0, 0)                                                                    \
  STORAGE(SET, TARGET, 8, 0, 1)                                                                    \
  STORAGE(SET, TARGET, 8, 1, 0)                                                                    \
  STORAGE(SET, TARGET, 8, 1, 1)                                                                    \
  void hs_quantized_##SET(                                                                         \
      const hs_quantized *weight, const hs_activations *x, long rows, float *y, long ldy,          \
      long first_panel, long end_panel) {                                                          \
    const hs_quantized_shape *s = &weight->shape;                                                  \
    for (long panel = first_panel; panel < end_panel; panel++) {                                   \
      const long column = panel * HS_PANEL, left = s->outputs - column;                            \
      const tile_context c = {                                                                     \
          weight->blocks + panel * panel_bytes(s), x->values, x->blocks, y + column, ldy,          \
          s->inputs, left < HS_PANEL ? left : HS_PANEL,                                            \
      };                                                                                           \
      FOR_STORAGE(s, CALL_##SET);                                                                  \
    }                                                                                              \
  }

#define CALL_avx2(BITS, OFFSETS, WIDE) rows_avx2_##BITS##_##OFFSETS##_##WIDE(c, rows)
#define CALL_avxvnni(BITS, OFFSETS, WIDE) rows_avxvnni_##BITS##_##OFFSETS##_##WIDE(c, rows)

#define STORAGE(SET, TARGET, BITS, OFFSETS, WIDE)                                                  \
  TARGET static void rows_##SET##_##BITS##_##OFFSETS##_##WIDE(tile_context c, long rows) {         \
    while (rows > 0) {                                                                             \
      const long count = rows < TILE ? 1 : TILE;                                                   \
      for (int part = 0; part < HS_PANEL / LANES; part++) {                                        \
        if (count == 1)                                                                            \
          tile_##SET(&c, part, 1, BITS, OFFSETS, WIDE);                                            \
        else                                                                                       \
          tile_##SET(&c, part, TILE, BITS, OFFSETS, WIDE);                                         \
      }                                                                                            \
      c.x += count * c.inputs;                                                                     \
      c.blocks += count * (c.inputs / HS_BLOCK);                                                   \
      c.y += count * c.ldy;                                                                        \
      rows -= count;                                                                               \
    }                                                                                              \
  }

DEFINE_TILE(avx2, AVX2, 0)
DEFINE_TILE(avxvnni, AVXVNNI, 1)
#endif
