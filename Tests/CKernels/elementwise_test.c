// The row by row kernels against plain loops in double precision, for widths with and without a
// remainder and with rows apart: see run.sh. Buffers end where the data ends, so that a sanitizer
// sees every read or write beyond.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../Sources/CKernels/bf16_scalar.h"
#include "elementwise.h"

static uint64_t state = 1;
static int failures = 0;

static float uniform(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)(int32_t)(state >> 32) / 2147483648.0f;
}

static float *filled(long count) {
  float *x = malloc((size_t)count * sizeof *x);
  for (long i = 0; i < count; i++) x[i] = 3 * uniform();
  return x;
}

static void expect(const char *what, long width, double error, double limit) {
  const int bad = !(error <= limit);
  failures += bad;
  printf("%s%s, width %ld: %.2e\n", bad ? "FAILED " : "", what, width, error);
}

enum { rows = 5 };

static double off(double found, double expected) {
  return fabs(found - expected) / (1 + fabs(expected));
}

static void check_norm(long width) {
  const long step = width + 3, count = (rows - 1) * step + width;
  float *x = filled(count), *y = filled(count), *again = filled(count), *weight = filled(width);
  float *dy = filled(count), *dx = filled(count), *sums = filled(width), inverse[rows];
  double error = 0;
  hs_rms_norm(rows, width, x, step, weight, 1e-5f, y, step, inverse);
  hs_rms_norm_again(rows, width, x, step, weight, inverse, again, step);
  float *before = malloc((size_t)count * 4), *sums_before = malloc((size_t)width * 4);
  memcpy(before, dx, (size_t)count * 4);
  memcpy(sums_before, sums, (size_t)width * 4);
  hs_rms_norm_backward(rows, width, x, step, weight, inverse, dy, step, dx, step);
  hs_column_sums(rows, width, dy, step, x, step, inverse, 1, sums);
  for (long r = 0; r < rows; r++) {
    double square = 0, projection = 0;
    for (long c = 0; c < width; c++) square += (double)x[r * step + c] * x[r * step + c];
    const double scale = 1 / sqrt(square / width + 1e-5);
    for (long c = 0; c < width; c++)
      projection += (double)dy[r * step + c] * weight[c] * x[r * step + c] * scale * scale / width;
    for (long c = 0; c < width; c++) {
      const long at = r * step + c;
      error = fmax(error, off(y[at], weight[c] * x[at] * scale));
      error = fmax(error, y[at] == again[at] ? 0 : 1);
      error = fmax(
          error, off(dx[at], before[at] + scale * (dy[at] * weight[c] - x[at] * projection)));
    }
  }
  for (long c = 0; c < width; c++) {
    double sum = sums_before[c];
    for (long r = 0; r < rows; r++)
      sum += (double)dy[r * step + c] * x[r * step + c] * inverse[r];
    error = fmax(error, off(sums[c], sum));
  }
  expect("RMS norm", width, error, 1e-5);
  free(x), free(y), free(again), free(weight), free(dy), free(dx), free(sums), free(before);
  free(sums_before);
}

static void check_rotation(long width) {
  const long heads = 3, count = heads * 2 * width;
  float *x = filled(count), *y = malloc((size_t)count * 4), *back = malloc((size_t)count * 4);
  float *cosines = malloc((size_t)width * 4), *sines = malloc((size_t)width * 4);
  double error = 0;
  for (long c = 0; c < width; c++) {
    const double angle = uniform();
    cosines[c] = (float)cos(angle), sines[c] = (float)sin(angle);
  }
  memcpy(y, x, (size_t)count * 4);
  hs_rotate(heads, width, cosines, sines, 1, y);
  memcpy(back, y, (size_t)count * 4);
  hs_rotate(heads, width, cosines, sines, -1, back);
  for (long h = 0; h < heads; h++)
    for (long c = 0; c < width; c++) {
      const long a = 2 * h * width + c, b = a + width;
      error = fmax(error, off(y[a], (double)x[a] * cosines[c] - (double)x[b] * sines[c]));
      error = fmax(error, off(y[b], (double)x[b] * cosines[c] + (double)x[a] * sines[c]));
      error = fmax(error, fmax(off(back[a], x[a]), off(back[b], x[b])));
    }
  expect("rotation and back", width, error, 1e-6);
  free(x), free(y), free(back), free(cosines), free(sines);
}

static void check_swiglu(long width) {
  const long step = 2 * width + 1, count = (rows - 1) * step + 2 * width;
  float *x = filled(count), *h = filled(rows * width), *dh = filled(rows * width);
  float *dx = filled(count), *again = filled(rows * width);
  // Rounded, with a row's gap that stays as it is.
  uint16_t *copy = malloc((size_t)count * sizeof *copy);
  for (long i = 0; i < count; i++) copy[i] = 0x1234;
  double error = 0;
  for (long i = 0; i < count; i++) x[i] *= 10;
  // Ties to either side, and what plain rounding would make infinite or zero: these stay no numbers.
  const uint32_t odd[] = {0x3f808000, 0x3f818000, 0x7f800001, 0x7fffffff};
  float kept[4];
  memcpy(kept, x, sizeof kept);
  for (long i = 0; i < 4 && i < count; i++) memcpy(x + i, odd + i, sizeof *x);
  hs_swiglu(rows, width, x, step, h, width, copy, step);
  for (long i = 0; i < count; i++) {
    const uint16_t expected = i % step == 2 * width ? 0x1234 : rounded(x[i]);
    error = fmax(error, copy[i] == expected ? 0 : 1);
  }
  memcpy(x, kept, sizeof kept);
  hs_swiglu(rows, width, x, step, h, width, NULL, 0);
  for (long i = 0; i < 4; i++) copy[i] = rounded(x[i]);
  // Of what was rounded, as of floats that bf16 holds.
  float *values = filled(count), *dv = filled(count), *hv = filled(rows * width);
  for (long i = 0; i < count; i++) values[i] = widened(copy[i]);
  hs_swiglu_backward(rows, width, values, 0, step, dh, width, dx, step, again, width);
  hs_swiglu_backward(rows, width, copy, 1, step, dh, width, dv, step, hv, width);
  for (long r = 0; r < rows; r++) {
    const size_t row = (size_t)(r * step), bytes = (size_t)width * sizeof *dx;
    if (memcmp(dx + row, dv + row, 2 * bytes) != 0) error = 1;
    if (memcmp(again + r * width, hv + r * width, bytes) != 0) error = 1;
  }
  free(values), free(dv), free(hv), free(copy);
  hs_swiglu_backward(rows, width, x, 0, step, dh, width, dx, step, again, width);
  for (long r = 0; r < rows; r++)
    for (long c = 0; c < width; c++) {
      const double g = x[r * step + c], u = x[r * step + width + c], s = 1 / (1 + exp(-g));
      const double d = dh[r * width + c];
      error = fmax(error, off(h[r * width + c], g * s * u));
      error = fmax(error, h[r * width + c] == again[r * width + c] ? 0 : 1);
      error = fmax(error, off(dx[r * step + c], d * u * s * (1 + g * (1 - s))));
      error = fmax(error, off(dx[r * step + width + c], d * g * s));
    }
  expect("SwiGLU", width, error, 1e-5);
  free(x), free(h), free(dh), free(dx), free(again);
}

static void check_exponentials(long width) {
  float *x = filled(width), *y = filled(width);
  double error = 0, sum = 0;
  const float total = hs_exponentials(x, 1.5f, width, y);
  for (long i = 0; i < width; i++) {
    sum += exp((double)x[i] - 1.5);
    error = fmax(error, fabs(y[i] / exp((double)x[i] - 1.5) - 1));
  }
  error = fmax(error, fabs(total / sum - 1));
  if (hs_exponentials(x, 1.5f, width, 0) != total) error = 1;
  const float broken[] = {NAN, -INFINITY, 0};
  float found[3];
  if (!isnan(hs_exponentials(broken, 0, 3, found)) || found[1] > 1e-37f || found[2] != 1) error = 1;
  expect("exponentials", width, error, 1e-6);
  free(x), free(y);
}

static void check_adamw(long width) {
  float *p = filled(width), *g = filled(width), *m = filled(width), *v = filled(width);
  double error = 0;
  for (long i = 0; i < width; i++) v[i] = fabsf(v[i]);
  float *p0 = malloc((size_t)width * 4), *m0 = malloc((size_t)width * 4);
  float *v0 = malloc((size_t)width * 4);
  memcpy(p0, p, (size_t)width * 4);
  memcpy(m0, m, (size_t)width * 4);
  memcpy(v0, v, (size_t)width * 4);
  const hs_adamw_step s = {0.5f, 0.9f, 0.999f, 1e-2f, 0.7f, 1e-8f, 0.99f};
  hs_adamw(width, s, p, g, m, v);
  for (long i = 0; i < width; i++) {
    const double d = g[i] * 0.5;
    const double first = 0.9 * m0[i] + 0.1 * d, second = 0.999 * v0[i] + 1e-3 * d * d;
    error = fmax(error, off(m[i], first));
    error = fmax(error, off(v[i], second));
    error = fmax(error, off(p[i], p0[i] * 0.99 - 1e-2 * first / (sqrt(second) / 0.7 + 1e-8)));
  }
  expect("AdamW", width, error, 1e-5);
  free(p), free(g), free(m), free(v), free(p0), free(m0), free(v0);
}

static void check_softmax(long width) {
  float *x = filled(width), *y = filled(width), *maxima = filled((width + 63) / 64);
  for (long i = 0; i < width; i += 7) x[i] *= 40;  // some below the floor
  const float scale = 1 / 0.7f;
  const hs_softmax row = hs_softmax_of(x, width, scale);
  hs_softmax_masses(x, width, &row, 0.5f, y);
  hs_block_maxima(x, width, maxima);
  double largest = -INFINITY, sum = 0, moment = 0, taken = 0, error = 0;
  for (long i = 0; i < width; i++) largest = fmax(largest, x[i]);
  for (long i = 0; i < width; i++) {
    const double shifted = fmax((double)(x[i] * scale) - (double)row.maximum, -87);
    sum += exp(shifted);
    moment += shifted * exp(shifted);
    taken += 2 * (double)y[i];
    error = fmax(error, fabs(y[i] - 0.5 * exp(shifted)) / (exp(shifted) + 1e-30));
  }
  error = fmax(error, off(row.maximum, largest * scale));
  error = fmax(error, off(row.normaliser, sum));
  error = fmax(error, off(row.moment, moment));
  for (long first = 0; first < width; first += 64) {
    double best = -INFINITY;
    for (long i = first; i < width && i < first + 64; i++) best = fmax(best, x[i]);
    error = fmax(error, maxima[first / 64] == (float)best ? 0 : 1);
  }
  expect("softmax", width, error, 1e-5);
  expect("softmax's own masses", width, fabs(taken - row.normaliser) / row.normaliser, 1e-9);
  free(x), free(y), free(maxima);
}

/// A tail of 1e−7 in 50,000 tokens beside one that holds the rest.
static void check_tail(void) {
  enum { width = 50000 };
  float *x = malloc(width * sizeof *x);
  for (long i = 0; i < width; i++) x[i] = (float)log(1e-7 / width);
  x[width / 2] = 0;
  const hs_softmax row = hs_softmax_of(x, width, 1);
  expect("softmax's tail", width, fabs((row.normaliser - 1) / 1e-7 - 1), 1e-4);
  x[3] = NAN;
  expect("a NaN in a softmax", width, isnan(hs_softmax_of(x, width, 1).normaliser) ? 0 : 1, 0);
  x[3] = INFINITY;
  expect("an infinity in a softmax", width, isnan(hs_softmax_of(x, width, 1).normaliser) ? 0 : 1, 0);
  free(x);
}

int main(void) {
  const long widths[] = {1, 5, 8, 16, 27, 64, 100, 576};
  for (unsigned i = 0; i < sizeof widths / sizeof *widths; i++) {
    check_norm(widths[i]);
    check_rotation(widths[i]);
    check_swiglu(widths[i]);
    check_exponentials(widths[i]);
    check_softmax(widths[i]);
    check_adamw(widths[i]);
  }
  check_tail();
  printf("%d failed\n", failures);
  return failures > 0;
}
