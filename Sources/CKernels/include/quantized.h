#pragma once

#include <stdint.h>

// Products with frozen weights that stay in the few bits they are stored in.
//
// A weight matrix W [outputs, inputs] is cut into blocks of 32 inputs of one output, each with its
// own scale:  w = scale · (q − zero)  or, with offsets,  w = scale · q + offset.
// 32 outputs form a panel; a panel's blocks follow each other along the inputs, so that a product
// with one row streams through memory once. A block of a panel is
//   32 scales, then 32 offsets if there are any, then the q of 32 × 32 weights,
// where four consecutive inputs of one output are four bytes and 16 outputs a register's 64 bytes.
// At 4 bits, the low nibbles are inputs 0…15 and the high ones 16…31. Missing outputs are zeros.

enum { HS_BLOCK = 32, HS_PANEL = 32 };

/// What a packed matrix looks like.
typedef struct {
  long outputs;
  /// A multiple of 32.
  long inputs;
  /// 4 (q is 0…15) or 8 (q is 0…255; with offsets at most 127).
  int bits;
  /// Whether blocks have an offset; without, zero is 8 at 4 bits and 128 at 8 bits.
  int has_offsets;
  /// Whether scales and offsets are fp32; fp16 otherwise.
  int has_wide_scales;
} hs_quantized_shape;

/// A packed matrix; `blocks` is 64-byte aligned and belongs to the caller.
typedef struct {
  hs_quantized_shape shape;
  uint8_t *blocks;
} hs_quantized;

/// 32 activations' part that isn't the bytes: x = scale · q with q in −127…127.
typedef struct {
  float scale;
  /// scale · Σq: what an offset is multiplied by.
  float scaled_sum;
  /// −8 · Σq and −128 · Σq: where the integer sums of weights with that zero start.
  int32_t minus_8_sums, minus_128_sums;
} hs_activation_block;

/// Activations [rows, inputs] as signed bytes, and [rows, inputs / 32] blocks.
typedef struct {
  int8_t *values;
  hs_activation_block *blocks;
} hs_activations;

/// The bytes that a packed matrix takes, all of its panels being whole.
long hs_quantized_bytes(const hs_quantized_shape *shape);

/// Writes 32 weights: inputs 32 · block … of one output. `scale` and `offset` are the bits of an
/// fp16 or an fp32, as the shape says. The memory must have been zero.
void hs_quantized_put(
    const hs_quantized *weight, long output, long block, uint32_t scale, uint32_t offset,
    const uint8_t *q);

/// All inputs of one output, as floats.
void hs_quantized_row(const hs_quantized *weight, long output, float *values);

/// Rounds activations x [rows, inputs] to signed bytes, each block of 32 with its own scale.
void hs_quantize_activations(
    const float *x, long ldx, long rows, long inputs, const hs_activations *into);

/// y[rows, outputs of the panels] = x · Wᵀ; y points at the matrix's first output. The sums within
/// a block are exact integers and blocks are added in order: a row's bits don't depend on the
/// others.
///
/// `instruction_set` is NULL for the best that this machine has, or one of "avx512-vnni",
/// "avx-vnni", "avx2" and "plain"; 0 is returned if it hasn't got that.
int hs_quantized_product(
    const hs_quantized *weight, const hs_activations *x, long rows, float *y, long ldy,
    long first_panel, long end_panel, const char *instruction_set);

/// Whether this machine has the instructions of that name.
int hs_quantized_has(const char *instruction_set);
