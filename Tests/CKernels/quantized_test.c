// Products with weights in 4 and 8 bits, by every instruction set that this machine has, against
// sums in double precision of the same rounded operands. See run.sh. Prints the largest difference;
// exits 1 when one is too large, or a row depends on the others.

#include "quantized.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

static uint32_t random_bits(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33);
}

static double worst;
static int failures;

/// Scales and offsets that fp16 and fp32 both hold: 1/4 to 2.
static uint32_t scale_bits(int wide) {
  const uint32_t exponent = random_bits() % 4;
  if (!wide) return (13 + exponent) << 10;
  const float value = ldexpf(0.25f, (int)exponent);
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static void fill(const hs_quantized *weight) {
  const hs_quantized_shape *s = &weight->shape;
  const uint32_t top = s->bits == 4 ? 16 : s->has_offsets ? 128 : 256;
  for (long output = 0; output < s->outputs; output++)
    for (long block = 0; block < s->inputs / HS_BLOCK; block++) {
      uint8_t q[HS_BLOCK];
      for (int i = 0; i < HS_BLOCK; i++) q[i] = (uint8_t)(random_bits() % top);
      hs_quantized_put(
          weight, output, block, scale_bits(s->has_wide_scales),
          s->has_offsets ? scale_bits(s->has_wide_scales) : 0, q);
    }
}

static hs_activations activations(long rows, long inputs) {
  return (hs_activations){
      malloc((size_t)(rows * inputs)),
      malloc((size_t)(rows * inputs / HS_BLOCK) * sizeof(hs_activation_block))};
}

/// The sums, and the sums of the products' sizes: what rounding is measured by.
static void expect(
    const hs_quantized *weight, const hs_activations *x, long rows, float *y, float *sizes) {
  const long inputs = weight->shape.inputs, outputs = weight->shape.outputs;
  float *w = malloc((size_t)inputs * sizeof *w);
  for (long output = 0; output < outputs; output++) {
    hs_quantized_row(weight, output, w);
    for (long row = 0; row < rows; row++) {
      double sum = 0, size = 0;
      for (long i = 0; i < inputs; i++) {
        const double term = (double)w[i] * x->values[row * inputs + i]
                            * x->blocks[(row * inputs + i) / HS_BLOCK].scale;
        sum += term;
        size += fabs(term);
      }
      y[row * outputs + output] = (float)sum;
      sizes[row * outputs + output] = (float)size;
    }
  }
  free(w);
}

static void product(hs_quantized_shape shape, long rows) {
  static const char *const sets[] = {"avx512-vnni", "avx-vnni", "avx2", "plain"};
  const long bytes = hs_quantized_bytes(&shape), count = rows * shape.outputs;
  const hs_quantized weight = {shape, aligned_alloc(64, (size_t)bytes)};
  memset(weight.blocks, 0, (size_t)bytes);
  fill(&weight);
  float *x = malloc((size_t)(rows * shape.inputs) * sizeof *x);
  for (long i = 0; i < rows * shape.inputs; i++) x[i] = (float)(random_bits() % 2001) / 1000 - 1;
  const hs_activations a = activations(rows, shape.inputs);
  hs_quantize_activations(x, shape.inputs, rows, shape.inputs, &a);
  float *expected = malloc((size_t)count * sizeof *expected), *y = malloc((size_t)count * sizeof *y);
  float *sizes = malloc((size_t)count * sizeof *sizes);
  float *alone = malloc((size_t)shape.outputs * sizeof *alone);
  expect(&weight, &a, rows, expected, sizes);
  const long panels = (shape.outputs + HS_PANEL - 1) / HS_PANEL;
  for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
    if (!hs_quantized_has(sets[set])) continue;
    hs_quantized_product(&weight, &a, rows, y, shape.outputs, 0, panels, sets[set]);
    for (long i = 0; i < count; i++) {
      const double difference = fabs((double)y[i] - expected[i]) / sizes[i];
      if (difference > worst) worst = difference;
      if (difference <= 1e-6) continue;
      printf("%s, %d bits: %g instead of %g\n", sets[set], shape.bits, y[i], expected[i]);
      failures++;
      break;
    }
    const hs_activations last = {
        a.values + (rows - 1) * shape.inputs,
        a.blocks + (rows - 1) * (shape.inputs / HS_BLOCK)};
    hs_quantized_product(&weight, &last, 1, alone, shape.outputs, 0, panels, sets[set]);
    if (memcmp(alone, y + count - shape.outputs, (size_t)shape.outputs * sizeof *alone) != 0) {
      printf("%s, %d bits: a row depends on the others\n", sets[set], shape.bits);
      failures++;
    }
  }
  free(weight.blocks), free(x), free(a.values), free(a.blocks), free(expected), free(y);
  free(sizes), free(alone);
}

int main(void) {
  for (int bits = 4; bits <= 8; bits += 4)
    for (int offsets = 0; offsets < 2; offsets++)
      for (int wide = 0; wide < 2; wide++)
        for (long rows = 1; rows <= 14; rows += rows < 7 ? 1 : 7)
          product(
              (hs_quantized_shape){
                  .outputs = 32 + 11 * rows, .inputs = 32 * (1 + rows % 3), .bits = bits,
                  .has_offsets = offsets, .has_wide_scales = wide},
              rows);
  printf("largest difference %.1e\n", worst);
  return failures != 0;
}
