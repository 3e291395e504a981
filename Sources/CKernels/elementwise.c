#include "elementwise.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  __typeof__(hs_rms_norm) *rms_norm;
  __typeof__(hs_rms_norm_again) *rms_norm_again;
  __typeof__(hs_rms_norm_backward) *rms_norm_backward;
  __typeof__(hs_column_sums) *column_sums;
  __typeof__(hs_rotate) *rotate;
  __typeof__(hs_swiglu) *swiglu;
  __typeof__(hs_swiglu_backward) *swiglu_backward;
  __typeof__(hs_query_scores) *query_scores;
  __typeof__(hs_weighted_values) *weighted_values;
  __typeof__(hs_exponentials) *exponentials;
  __typeof__(hs_block_maxima) *block_maxima;
  __typeof__(hs_softmax_of) *softmax;
  __typeof__(hs_softmax_masses) *softmax_masses;
  __typeof__(hs_adamw) *adamw;
} operations;

#define JOINED(A, B) A##_##B
#define PASTED(A, B) JOINED(A, B)
#define NAME(X) PASTED(X, SET)

#if defined(__x86_64__) && !defined(HS_PORTABLE_KERNELS)
#define SET avx512
#define LANES 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))
#include "elementwise_body.h"
#undef SET
#undef LANES
#undef TARGET
#define SET avx2
#define LANES 8
#define TARGET __attribute__((target("avx2,fma")))
#include "elementwise_body.h"
#undef SET
#undef LANES
#undef TARGET
#endif
#define SET baseline
#define LANES 4
#define TARGET
#include "elementwise_body.h"

static const operations *here(void) {
#if defined(__x86_64__) && !defined(HS_PORTABLE_KERNELS)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return &operations_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &operations_avx2;
#endif
  return &operations_baseline;
}

void hs_rms_norm(
    long rows, long channels, const float *x, long x_step, const float *weight, float epsilon,
    float *y, long y_step, float *inverse) {
  here()->rms_norm(
      rows, channels, x, x_step, weight, epsilon, y, y_step, inverse);
}

void hs_rms_norm_again(
    long rows, long channels, const float *x, long x_step, const float *weight,
    const float *inverse, float *y, long y_step) {
  here()->rms_norm_again(rows, channels, x, x_step, weight, inverse, y, y_step);
}

void hs_rms_norm_backward(
    long rows, long channels, const float *x, long x_step, const float *weight,
    const float *inverse, const float *dy, long dy_step, float *dx, long dx_step) {
  here()->rms_norm_backward(
      rows, channels, x, x_step, weight, inverse, dy, dy_step, dx, dx_step);
}

void hs_column_sums(
    long rows, long columns, const float *dy, long dy_step, const float *x, long x_step,
    const float *inverse, long inverse_step, float *sums) {
  here()->column_sums(rows, columns, dy, dy_step, x, x_step, inverse, inverse_step, sums);
}

void hs_rotate(
    long heads, long half, const float *cosines, const float *sines, float direction, float *x) {
  here()->rotate(heads, half, cosines, sines, direction, x);
}

void hs_swiglu(
    long rows, long width, const float *gate_up, long step, float *h, long h_step, uint16_t *copy,
    long copy_step) {
  here()->swiglu(rows, width, gate_up, step, h, h_step, copy, copy_step);
}

void hs_swiglu_backward(
    long rows, long width, const void *gate_up, int is_half, long step, const float *dh,
    long dh_step, float *d_gate_up, long d_step, float *h, long h_step) {
  here()->swiglu_backward(
      rows, width, gate_up, is_half, step, dh, dh_step, d_gate_up, d_step, h, h_step);
}

void hs_query_scores(
    long heads, long tokens, long width, const float *q, long q_step, const float *keys,
    long key_step, float scale, float *scores, long score_step) {
  here()->query_scores(
      heads, tokens, width, q, q_step, keys, key_step, scale, scores, score_step);
}

void hs_weighted_values(
    long heads, long tokens, long width, const float *weights, long weight_step,
    const float *values, long value_step, float *y, long y_step) {
  here()->weighted_values(
      heads, tokens, width, weights, weight_step, values, value_step, y, y_step);
}

float hs_exponentials(const float *x, float shift, long count, float *y) {
  return here()->exponentials(x, shift, count, y);
}

void hs_block_maxima(const float *x, long count, float *maxima) {
  here()->block_maxima(x, count, maxima);
}

hs_softmax hs_softmax_of(const float *logits, long count, float scale) {
  return here()->softmax(logits, count, scale);
}

void hs_softmax_masses(
    const float *logits, long count, const hs_softmax *row, float factor, float *y) {
  here()->softmax_masses(logits, count, row, factor, y);
}

void hs_adamw(long count, hs_adamw_step step, float *p, const float *g, float *m, float *v) {
  here()->adamw(count, step, p, g, m, v);
}
