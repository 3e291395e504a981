#include "attention_operations.h"

#include <math.h>
#include <string.h>

#include "bf16_scalar.h"

// Attention's operations in plain C: what every processor can run, and what the layout is tested
// with where there is no bf16.

static void product(
    long rows, long columns, long pairs, const pair *left, long row_step, long pair_step,
    const pair *right, long right_step, float *c, long c_step, int accumulate,
    const ahead *fetch) {
  (void)fetch;
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) {
      float sum = accumulate ? c[i * c_step + j] : 0;
      for (long p = 0; p < pairs; p++) {
        const pair a = left[i * row_step + p * pair_step], b = right[p * right_step + j];
        sum += widened(a.second) * widened(b.second);
        sum += widened(a.first) * widened(b.first);
      }
      c[i * c_step + j] = sum;
    }
}

static void set(pair *x, long index, float value) {
  *(index % 2 ? &x[index / 2].second : &x[index / 2].first) = rounded(value);
}

static void softmax(
    long rows, const float *scores, const long *visible, float scale, float *maxima, float *sums,
    float *output, long width, pair *probabilities) {
  for (long i = 0; i < rows; i++) {
    pair *p = probabilities + i * (page_tokens / 2);
    memset(p, 0, page_tokens / 2 * sizeof *p);
    const float *row = scores + i * page_tokens;
    const long count = visible[i] < page_tokens ? visible[i] : page_tokens;
    if (count <= 0) continue;
    float top = maxima[i];
    for (long t = 0; t < count; t++) top = fmaxf(top, row[t] * scale);
    const float shrink = exp2f(maxima[i] - top);
    maxima[i] = top;
    for (long l = 0; l < lanes; l++) sums[i * lanes + l] *= shrink;
    for (long d = 0; d < width; d++) output[i * width + d] *= shrink;
    for (long t = 0; t < count; t++) {
      const float e = exp2f(row[t] * scale - top);
      sums[i * lanes + t % lanes] += e;
      set(p, t, e);
    }
  }
}

static void score_gradient(
    long rows, const float *scores, const float *dp, const long *visible, float exponent_scale,
    const float *log_sum, const float *mean, float scale, pair *d_rows, pair *d_pairs,
    pair *p_pairs) {
  for (long i = 0; i < rows; i++)
    for (long t = 0; t < page_tokens; t++) {
      const long at = i * page_tokens + t;
      float p = 0, d = 0;
      if (t < visible[i]) {
        p = exp2f(scores[at] * exponent_scale - log_sum[i]);
        d = p * (dp[at] - mean[i]) * scale;
      }
      set(d_rows + i * (page_tokens / 2), t, d);
      set(d_pairs + i / 2 * page_tokens, 2 * t + i % 2, d);
      set(p_pairs + i / 2 * page_tokens, 2 * t + i % 2, p);
    }
}

static void round_row(const float *x, long count, pair *y) {
  for (long i = 0; i < count; i++) set(y, i, x[i]);
}

static void pack_channels(
    const float *x, long step, long tokens, long channels, pair *panel, long slot) {
  for (long t = 0; t < tokens; t++, x += step)
    for (long d = 0; d < channels; d += 2)
      panel[d / 2 * page_tokens + slot + t] = (pair){rounded(x[d]), rounded(x[d + 1])};
}

static void pack_tokens(
    const float *x, long step, long tokens, long channels, pair *panel, long width, long slot) {
  for (long t = 0; t < tokens; t++, x += step)
    for (long d = 0; d < channels; d++)
      set(panel + (slot + t) / 2 * width, 2 * d + (slot + t) % 2, x[d]);
  const long end = slot + tokens;
  if (end % 2)
    for (long d = 0; d < channels; d++) panel[end / 2 * width + d].second = 0;
}

static float dot(const float *a, const float *b, long count) {
  float sum = 0;
  for (long i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

const attention_operations attention_portable = {
    product, softmax, score_gradient, round_row, pack_channels, pack_tokens, dot,
};
