#pragma once

#include "quantized.h"

// What the kernels of the different instruction sets share.

static inline long scale_bytes(const hs_quantized_shape *s) {
  return HS_PANEL * (s->has_wide_scales ? 4 : 2);
}

static inline long header_bytes(const hs_quantized_shape *s) {
  return scale_bytes(s) * (s->has_offsets ? 2 : 1);
}

static inline long block_bytes(const hs_quantized_shape *s) {
  return header_bytes(s) + HS_PANEL * HS_BLOCK * s->bits / 8;
}

static inline long panel_bytes(const hs_quantized_shape *s) {
  return block_bytes(s) * (s->inputs / HS_BLOCK);
}

typedef void hs_quantized_kernel(
    const hs_quantized *weight, const hs_activations *x, long rows, float *y, long ldy,
    long first_panel, long end_panel);

#if defined(__x86_64__)
hs_quantized_kernel hs_quantized_avx512;
hs_quantized_kernel hs_quantized_avxvnni;
hs_quantized_kernel hs_quantized_avx2;
#endif

/// Calls TILE(bits, has_offsets, has_wide_scales) with constants, so that each storage has a loop
/// of its own.
#define FOR_STORAGE(SHAPE, TILE)                                                                   \
  do {                                                                                             \
    const hs_quantized_shape *s_ = (SHAPE);                                                        \
    switch (s_->bits * 4 + !!s_->has_offsets * 2 + !!s_->has_wide_scales) {                        \
      case 16: TILE(4, 0, 0); break;                                                               \
      case 17: TILE(4, 0, 1); break;                                                               \
      case 18: TILE(4, 1, 0); break;                                                               \
      case 19: TILE(4, 1, 1); break;                                                               \
      case 32: TILE(8, 0, 0); break;                                                               \
      case 33: TILE(8, 0, 1); break;                                                               \
      case 34: TILE(8, 1, 0); break;                                                               \
      default: TILE(8, 1, 1); break;                                                               \
    }                                                                                              \
  } while (0)
