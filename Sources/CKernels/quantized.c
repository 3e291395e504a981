#include "quantized.h"

#include <string.h>

#include "quantized_panels.h"

long hs_quantized_bytes(const hs_quantized_shape *shape) {
  return (shape->outputs + HS_PANEL - 1) / HS_PANEL * panel_bytes(shape);
}

/// Where a block of an output's panel begins.
static uint8_t *block_of(const hs_quantized *weight, long output, long block) {
  const hs_quantized_shape *s = &weight->shape;
  return weight->blocks + output / HS_PANEL * panel_bytes(s) + block * block_bytes(s);
}

void hs_quantized_put(
    const hs_quantized *weight, long output, long block, uint32_t scale, uint32_t offset,
    const uint8_t *q) {
  const hs_quantized_shape *s = &weight->shape;
  uint8_t *p = block_of(weight, output, block);
  const long column = output % HS_PANEL, width = s->has_wide_scales ? 4 : 2;
  memcpy(p + column * width, &scale, (size_t)width);
  if (s->has_offsets) memcpy(p + scale_bytes(s) + column * width, &offset, (size_t)width);
  uint8_t *target = p + header_bytes(s) + column * 4;
  if (s->bits == 8) {
    for (int g = 0; g < 8; g++) memcpy(target + g * 128, q + g * 4, 4);
  } else {
    for (int i = 0; i < 16; i++) target[i / 4 * 128 + i % 4] = (uint8_t)(q[i] | q[i + 16] << 4);
  }
}

static float half_to_float(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31;
  const uint32_t mantissa = half & 1023;
  if (exponent == 0) {
    const float tiny = (float)mantissa * 0x1p-24f;
    return sign ? -tiny : tiny;
  }
  const uint32_t bits =
      sign | (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | mantissa << 13;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static float scale_at(const hs_quantized_shape *s, const uint8_t *p, long column) {
  if (s->has_wide_scales) {
    float value;
    memcpy(&value, p + column * 4, 4);
    return value;
  }
  uint16_t half;
  memcpy(&half, p + column * 2, 2);
  return half_to_float(half);
}

/// The q of one output in a block of its panel.
static int quant(const hs_quantized_shape *s, const uint8_t *p, long column, int input) {
  const uint8_t *q = p + header_bytes(s) + column * 4;
  if (s->bits == 8) return q[input / 4 * 128 + input % 4];
  const uint8_t both = q[input % 16 / 4 * 128 + input % 4];
  return input < 16 ? both & 15 : both >> 4;
}

static int zero_of(const hs_quantized_shape *s) {
  return s->has_offsets ? 0 : s->bits == 4 ? 8 : 128;
}

void hs_quantized_row(const hs_quantized *weight, long output, float *values) {
  const hs_quantized_shape *s = &weight->shape;
  const long column = output % HS_PANEL;
  const int zero = zero_of(s);
  for (long block = 0; block < s->inputs / HS_BLOCK; block++) {
    const uint8_t *p = block_of(weight, output, block);
    const float scale = scale_at(s, p, column);
    const float offset = s->has_offsets ? scale_at(s, p + scale_bytes(s), column) : 0;
    for (int i = 0; i < HS_BLOCK; i++) {
      const float product = scale * (float)(quant(s, p, column, i) - zero);
      values[block * HS_BLOCK + i] = product + offset;
    }
  }
}

// One body, compiled per instruction set: the compiler vectorises it, and every step is exact or
// correctly rounded, so all give the same bytes.
#define DEFINE_QUANTIZE(NAME, TARGET)                                                              \
  TARGET static void NAME(                                                                         \
      const float *x, long ldx, long rows, long inputs, const hs_activations *into) {              \
    const long count = inputs / HS_BLOCK;                                                          \
    for (long row = 0; row < rows; row++) {                                                        \
      for (long block = 0; block < count; block++) {                                               \
        const float *from = x + row * ldx + block * HS_BLOCK;                                      \
        int8_t *to = into->values + row * inputs + block * HS_BLOCK;                               \
        /* Sizes compare as their bits do, and a NaN is the largest. */                            \
        int32_t bits[HS_BLOCK], largest_bits = 0;                                                  \
        memcpy(bits, from, sizeof bits);                                                           \
        for (int i = 0; i < HS_BLOCK; i++) {                                                       \
          const int32_t size = bits[i] & 0x7FFFFFFF;                                               \
          largest_bits = size > largest_bits ? size : largest_bits;                                \
        }                                                                                          \
        float largest;                                                                             \
        memcpy(&largest, &largest_bits, 4);                                                        \
        const float scale = largest / 127, inverse = largest > 0x1p-120f ? 127 / largest : 0;      \
        /* Adding 1.5 · 2²³ rounds to the nearest integer and leaves it in the low bits. */        \
        float shifted[HS_BLOCK];                                                                   \
        for (int i = 0; i < HS_BLOCK; i++) shifted[i] = from[i] * inverse + 12582912.0f;           \
        memcpy(bits, shifted, sizeof bits);                                                        \
        int32_t sum = 0;                                                                           \
        for (int i = 0; i < HS_BLOCK; i++) {                                                       \
          to[i] = (int8_t)bits[i];                                                                 \
          sum += (int8_t)bits[i];                                                                  \
        }                                                                                          \
        into->blocks[row * count + block] = (hs_activation_block){                                 \
            .scale = scale,                                                                        \
            .scaled_sum = scale * (float)sum,                                                      \
            .minus_8_sums = -8 * sum,                                                              \
            .minus_128_sums = -128 * sum,                                                          \
        };                                                                                         \
      }                                                                                            \
    }                                                                                              \
  }

#define BASELINE
#if defined(__x86_64__)
// Without FMA, so that nothing is contracted.
DEFINE_QUANTIZE(quantize_avx512, __attribute__((target("avx512f,avx512bw,avx512vl"))))
DEFINE_QUANTIZE(quantize_avx2, __attribute__((target("avx2"))))
#endif
DEFINE_QUANTIZE(quantize_baseline, BASELINE)

void hs_quantize_activations(
    const float *x, long ldx, long rows, long inputs, const hs_activations *into) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    quantize_avx512(x, ldx, rows, inputs, into);
    return;
  }
  if (__builtin_cpu_supports("avx2")) {
    quantize_avx2(x, ldx, rows, inputs, into);
    return;
  }
#endif
  quantize_baseline(x, ldx, rows, inputs, into);
}

/// What the others are tested against.
static void product_plain(
    const hs_quantized *weight, const hs_activations *x, long rows, float *y, long ldy,
    long first_panel, long end_panel) {
  const hs_quantized_shape *s = &weight->shape;
  const long count = s->inputs / HS_BLOCK, end = end_panel * HS_PANEL;
  const int zero = zero_of(s);
  for (long output = first_panel * HS_PANEL; output < (end < s->outputs ? end : s->outputs);
       output++) {
    for (long row = 0; row < rows; row++) {
      float total = 0;
      for (long block = 0; block < count; block++) {
        const uint8_t *p = block_of(weight, output, block);
        const long column = output % HS_PANEL;
        const hs_activation_block *b = x->blocks + row * count + block;
        const int8_t *q = x->values + row * s->inputs + block * HS_BLOCK;
        int32_t sum = 0;
        for (int i = 0; i < HS_BLOCK; i++) sum += (quant(s, p, column, i) - zero) * q[i];
        total += (float)sum * (scale_at(s, p, column) * b->scale);
        if (s->has_offsets) total += scale_at(s, p + scale_bytes(s), column) * b->scaled_sum;
      }
      y[row * ldy + output] = total;
    }
  }
}

typedef struct {
  const char *name;
  hs_quantized_kernel *kernel;
} choice;

/// The kernels that this machine can run, best first; plain C ends them.
static int choices(choice *into) {
  int count = 0;
#if defined(__x86_64__)
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("f16c");
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    into[count++] = (choice){"avx512-vnni", hs_quantized_avx512};
  if (avx2 && __builtin_cpu_supports("avxvnni"))
    into[count++] = (choice){"avx-vnni", hs_quantized_avxvnni};
  if (avx2) into[count++] = (choice){"avx2", hs_quantized_avx2};
#endif
  into[count++] = (choice){"plain", product_plain};
  return count;
}

int hs_quantized_has(const char *instruction_set) {
  choice list[4];
  const int count = choices(list);
  for (int i = 0; i < count; i++)
    if (strcmp(list[i].name, instruction_set) == 0) return 1;
  return 0;
}

int hs_quantized_product(
    const hs_quantized *weight, const hs_activations *x, long rows, float *y, long ldy,
    long first_panel, long end_panel, const char *instruction_set) {
  choice list[4];
  const int count = choices(list);
  for (int i = 0; i < count; i++) {
    if (instruction_set && strcmp(list[i].name, instruction_set) != 0) continue;
    list[i].kernel(weight, x, rows, y, ldy, first_panel, end_panel);
    return 1;
  }
  return 0;
}
