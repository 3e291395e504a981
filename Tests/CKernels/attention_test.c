// Attention's kernels against the textbook in double precision, on its own so that sanitizers and
// valgrind can watch: see run.sh. Prints the largest differences; exits 1 when one is too large.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attention.h"
#include "bf16.h"

static uint64_t state = 1;

/// Uniform in −1 … 1.
static float uniform(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)(int32_t)(state >> 32) / 2147483648.0f;
}

static float *filled(long count) {
  float *x = malloc((size_t)count * sizeof *x);
  for (long i = 0; i < count; i++) x[i] = uniform();
  return x;
}

static void *aligned(long bytes) {
  return aligned_alloc(64, (size_t)((bytes + 63) / 64 * 64));
}

typedef struct {
  hs_attention_shape shape;
  long past, count;
} problem;

typedef struct {
  float *q, *k, *v, *d_output; // [past + count, …]; only the last `count` queries are asked for
  double *output, *log_sum, *dq, *dk, *dv;
} textbook;

/// The answer with an explicit matrix of probabilities; gradients where d_output is given.
static void solve(problem x, textbook *t) {
  const long size = x.shape.head_size, heads = x.shape.heads, total = x.past + x.count;
  const long group = heads / x.shape.kv_heads;
  const long width = heads * size, kv_width = x.shape.kv_heads * size;
  t->output = calloc((size_t)(x.count * width), sizeof(double));
  t->log_sum = calloc((size_t)(x.count * heads), sizeof(double));
  t->dq = calloc((size_t)(x.count * width), sizeof(double));
  t->dk = calloc((size_t)(total * kv_width), sizeof(double));
  t->dv = calloc((size_t)(total * kv_width), sizeof(double));
  double *p = malloc((size_t)total * sizeof *p), *dp = malloc((size_t)total * sizeof *dp);
  const double scale = 1 / sqrt((double)size);
  for (long row = 0; row < x.count; row++)
    for (long head = 0; head < heads; head++) {
      const float *q = t->q + row * width + head * size;
      const float *g = t->d_output + row * width + head * size;
      const long at = head / group * size, visible = x.past + row + 1;
      double sum = 0, mean = 0;
      for (long s = 0; s < visible; s++) {
        double score = 0;
        for (long d = 0; d < size; d++) score += (double)q[d] * t->k[s * kv_width + at + d];
        sum += p[s] = exp(score * scale);
      }
      t->log_sum[row * heads + head] = log(sum);
      for (long s = 0; s < visible; s++) {
        p[s] /= sum;
        dp[s] = 0;
        for (long d = 0; d < size; d++) {
          t->output[row * width + head * size + d] += p[s] * t->v[s * kv_width + at + d];
          dp[s] += (double)g[d] * t->v[s * kv_width + at + d];
          t->dv[s * kv_width + at + d] += p[s] * g[d];
        }
        mean += p[s] * dp[s];
      }
      for (long s = 0; s < visible; s++)
        for (long d = 0; d < size; d++) {
          const double ds = p[s] * (dp[s] - mean) * scale;
          t->dq[row * width + head * size + d] += ds * t->k[s * kv_width + at + d];
          t->dk[s * kv_width + at + d] += ds * q[d];
        }
    }
  free(p);
  free(dp);
}

/// ‖a − b‖ / ‖b‖.
static double relative_error(const float *a, const double *b, long count) {
  double difference = 0, norm = 0;
  for (long i = 0; i < count; i++) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return sqrt(difference / (norm + 1e-30));
}

static int failures = 0;

static void expect(const char *what, problem x, double error, double limit) {
  const int bad = !(error <= limit);
  failures += bad;
  printf(
      "%s%s: heads %ld/%ld × %ld, %ld after %ld: %.2e\n", bad ? "FAILED " : "", what, x.shape.heads,
      x.shape.kv_heads, x.shape.head_size, x.count, x.past, error);
}

/// Pages that hold the keys and values.
static void **make_pages(problem x, const textbook *t) {
  const long total = x.past + x.count, pages = (total + 63) / 64;
  const long kv_width = x.shape.kv_heads * x.shape.head_size;
  const long bytes = hs_kv_layer_bytes(x.shape.kv_heads, x.shape.head_size);
  void **list = malloc((size_t)pages * sizeof *list);
  for (long page = 0; page < pages; page++) {
    list[page] = aligned(bytes);
    memset(list[page], 0xff, (size_t)bytes);  // What nobody wrote is NaN.
    // In two parts, the first one odd: slots are filled as tokens come.
    const long count = total - page * 64 < 64 ? total - page * 64 : 64;
    const long part = count < 13 ? count : 13;
    const float *k = t->k + page * 64 * kv_width, *v = t->v + page * 64 * kv_width;
    hs_kv_append(list[page], x.shape.kv_heads, x.shape.head_size, 0, part, k, v, kv_width);
    hs_kv_append(
        list[page], x.shape.kv_heads, x.shape.head_size, part, count - part, k + part * kv_width,
        v + part * kv_width, kv_width);
  }
  return list;
}

static void forward(problem x, const textbook *t, void **pages, float *output, float *log_sum) {
  const long width = x.shape.heads * x.shape.head_size;
  void *scratch = aligned(hs_attention_forward_scratch(x.shape, x.count));
  const hs_attention_queries queries = {
      t->q, width, output, width, log_sum, x.count, x.past, pages, 0};
  for (long head = 0; head < x.shape.kv_heads; head++)
    hs_attention_forward(x.shape, &queries, head, 0, x.count, scratch);
  free(scratch);
}

/// Every token alone, behind all before it, must get the same bits as in one piece.
static void check_pieces(
    problem x, const textbook *t, void **pages, const float *output, const float *log_sum) {
  const long width = x.shape.heads * x.shape.head_size;
  float *row = malloc((size_t)width * sizeof *row), *sum = malloc((size_t)x.shape.heads * 4);
  double worst = 0;
  for (long i = 0; i < x.count; i++) {
    textbook one = *t;
    one.q = t->q + i * width;
    forward((problem){x.shape, x.past + i, 1}, &one, pages, row, sum);
    if (memcmp(row, output + i * width, (size_t)width * 4)) worst = 1;
    if (memcmp(sum, log_sum + i * x.shape.heads, (size_t)x.shape.heads * 4)) worst = 1;
  }
  expect("alone or together", x, worst, 0);
  free(row);
  free(sum);
}

static void check_gradients(
    problem x, const textbook *t, const float *output, const float *log_sum) {
  const long width = x.shape.heads * x.shape.head_size, total = x.past + x.count;
  const long kv_width = x.shape.kv_heads * x.shape.head_size, step = width + 2 * kv_width;
  // The past's rows stand apart from the sequence's own, and nobody reads their queries.
  float *past = filled(x.past * step), *qkv = malloc((size_t)(x.count * step) * 4);
  float *d_past = filled(x.past * step), *d = filled(x.count * step);
  for (long i = 0; i < total; i++) {
    float *row = i < x.past ? past + i * step : qkv + (i - x.past) * step;
    if (i >= x.past) memcpy(row, t->q + (i - x.past) * width, (size_t)width * 4);
    memcpy(row + width, t->k + i * kv_width, (size_t)kv_width * 4);
    memcpy(row + width + kv_width, t->v + i * kv_width, (size_t)kv_width * 4);
  }
  void *scratch = aligned(hs_attention_backward_scratch(x.shape, x.past, x.count));
  const long group = x.shape.heads / x.shape.kv_heads;
  for (long head = 0; head < x.shape.kv_heads; head++) {
    const long at = width + head * x.shape.head_size;
    const hs_attention_gradient sequence = {
        .q = qkv, .keys = qkv + width, .values = qkv + width + kv_width, .step = step,
        .output = output, .d_output = t->d_output, .output_step = width, .d_output_step = width,
        .log_sum_exp = log_sum, .dq = d, .dq_step = step, .dk = d + at, .dv = d + at + kv_width,
        .dkv_step = step, .count = x.count, .past = x.past, .past_keys = past + width,
        .past_values = past + width + kv_width, .past_dk = d_past + at,
        .past_dv = d_past + at + kv_width, .past_dkv_step = step};
    hs_attention_backward(x.shape, &sequence, head * group, (head + 1) * group, scratch);
  }
  float *dq = malloc((size_t)(x.count * width) * 4), *dk = malloc((size_t)(total * kv_width) * 4);
  float *dv = malloc((size_t)(total * kv_width) * 4);
  for (long i = 0; i < total; i++) {
    const float *row = i < x.past ? d_past + i * step : d + (i - x.past) * step;
    if (i >= x.past) memcpy(dq + (i - x.past) * width, row, (size_t)width * 4);
    memcpy(dk + i * kv_width, row + width, (size_t)kv_width * 4);
    memcpy(dv + i * kv_width, row + width + kv_width, (size_t)kv_width * 4);
  }
  // Few tokens: dq and dk are small differences of larger numbers (for one, nothing but rounding).
  const double limit = total == 1 ? INFINITY : total < 6 ? 5e-2 : 1.5e-2;
  expect("dq", x, relative_error(dq, t->dq, x.count * width), limit);
  expect("dk", x, relative_error(dk, t->dk, total * kv_width), limit);
  expect("dv", x, relative_error(dv, t->dv, total * kv_width), 1e-2);
  free(past), free(qkv), free(d_past), free(d), free(scratch), free(dq), free(dk), free(dv);
}

static void check(problem x) {
  const long width = x.shape.heads * x.shape.head_size, total = x.past + x.count;
  const long kv_width = x.shape.kv_heads * x.shape.head_size;
  textbook t = {
      filled(x.count * width), filled(total * kv_width), filled(total * kv_width),
      filled(x.count * width), 0, 0, 0, 0, 0};
  for (long i = 0; i < x.count * width; i++) t.q[i] *= 3;
  solve(x, &t);
  void **pages = make_pages(x, &t);
  float *output = filled(x.count * width), *log_sum = filled(x.count * x.shape.heads);
  forward(x, &t, pages, output, log_sum);
  expect("output", x, relative_error(output, t.output, x.count * width), 1e-2);
  // Of one token it is a score, which may be near zero.
  const double log_limit = total == 1 ? 1e-2 : 3e-3;
  expect("log-sum", x, relative_error(log_sum, t.log_sum, x.count * x.shape.heads), log_limit);
  check_pieces(x, &t, pages, output, log_sum);
  check_gradients(x, &t, output, log_sum);
  for (long page = 0; page < (total + 63) / 64; page++) free(pages[page]);
  free(pages), free(output), free(log_sum), free(t.q), free(t.k), free(t.v), free(t.d_output);
  free(t.output), free(t.log_sum), free(t.dq), free(t.dk), free(t.dv);
}

int main(void) {
  const hs_attention_shape shapes[] = {{4, 2, 6}, {3, 3, 16}, {4, 2, 24}, {9, 3, 64}, {4, 2, 128}};
  const long lengths[][2] = {{0, 1}, {0, 2}, {0, 5}, {0, 64}, {0, 65}, {0, 130}, {7, 1}, {70, 1},
                             {63, 1}, {64, 1}, {33, 64}, {5, 65}, {64, 70}, {128, 9}};
  printf("bf16 instructions: %s\n", hs_bf16_supported() ? "yes" : "no, plain C");
  for (unsigned s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (unsigned l = 0; l < sizeof lengths / sizeof *lengths; l++)
      check((problem){shapes[s], lengths[l][0], lengths[l][1]});
  printf("%d failed\n", failures);
  return failures > 0;
}
