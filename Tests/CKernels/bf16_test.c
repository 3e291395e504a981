// Packing and products in bf16 against sums in double precision, on its own so that sanitizers and
// valgrind can watch: see run.sh. Prints the largest difference; exits 1 when one is too large.

#include "bf16.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

/// A whole number of 64ths below 2: bf16 holds it exactly, so only the sums may round.
static float exact(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (float)(int)(state >> 56) / 64 - 2;
}

static float *filled(long count) {
  float *x = malloc((size_t)count * sizeof *x);
  for (long i = 0; i < count; i++) x[i] = exact();
  return x;
}

static double worst;
static int failures;

static void compare(const float *y, const float *expected, long count, const char *what) {
  for (long i = 0; i < count; i++) {
    double difference = fabs((double)y[i] - expected[i]);
    if (difference > worst) worst = difference;
    if (!(difference <= 1e-3)) {
      printf("%s: %g instead of %g\n", what, y[i], expected[i]);
      failures++;
      return;
    }
  }
}

/// y + x · w, where `twice` = y + 2 · x · w, and the second panel's columns once more.
static void product_of_some_panels(
    struct hs_bf16_operands all, long m, long n, const float *twice, const float *before) {
  struct hs_bf16_operands operands[2] = {all, all};
  operands[1].first = 1;
  operands[1].end = 2;
  operands[1].panels += all.stride;
  float *y = malloc((size_t)(m * n) * 4), *expected = malloc((size_t)(m * n) * 4);
  memcpy(y, before, (size_t)(m * n) * 4);
  for (long i = 0; i < m * n; i++)
    expected[i] = i % n / 64 == 1 ? twice[i] : (twice[i] + before[i]) / 2;
  hs_bf16_multiply(operands, 2, y, n, 0, m, 0, n, 1, (struct hs_bf16_next){0});
  compare(y, expected, m * n, "product of some panels");
  free(y), free(expected);
}

/// left [m, k] · right [k, n], each packed as the kernels want it, in two operands.
static void product(long m, long n, long k) {
  float *x = filled(m * k), *w = filled(n * k);
  long pairs = (k + 1) / 2, packed = hs_bf16_packed_count(k, n);
  uint16_t *rows = calloc((size_t)(m * pairs * 2), 2);
  uint16_t *columns = malloc((size_t)packed * 2), *transposed = malloc((size_t)packed * 2);
  // Aligned panels are written past the caches, others aren't.
  const size_t left_bytes = (size_t)hs_bf16_packed_count(k, m) * 2;
  uint16_t *left = aligned_alloc(64, left_bytes), *aside = aligned_alloc(64, left_bytes + 64);
  hs_bf16_round(x, k, m, k, rows, 2 * pairs);
  hs_bf16_pack_columns(w, k, n, k, 1, columns);
  // The same panels from the transposed weight, and the left operand out of panels.
  float *wt = malloc((size_t)(n * k) * 4), *xt = malloc((size_t)(m * k) * 4);
  for (long i = 0; i < n; i++)
    for (long p = 0; p < k; p++) wt[p * n + i] = w[i * k + p];
  for (long i = 0; i < m; i++)
    for (long p = 0; p < k; p++) xt[p * m + i] = x[i * k + p];
  hs_bf16_pack_rows(wt, n, k, n, 1, transposed, pairs * 128, NULL, 0);
  // Rounded beside it, as if on its own.
  long even = (m + 1) / 2 * 2;
  uint16_t *copy = calloc((size_t)(k * even), 2), *own = calloc((size_t)(k * even), 2);
  hs_bf16_pack_rows(xt, m, k, m, 1, left, pairs * 128, copy, even);
  hs_bf16_round(xt, m, k, m, own, even);
  if (memcmp(copy, own, (size_t)(k * even) * 2) != 0) {
    printf("%ld×%ld×%ld: rounding beside packing differs\n", m, n, k);
    failures++;
  }
  hs_bf16_pack_rows(xt, m, k, m, 1, aside + 8, pairs * 128, copy, even);
  if (memcmp(left, aside + 8, left_bytes) != 0) {
    printf("%ld×%ld×%ld: packing depends on the alignment\n", m, n, k);
    failures++;
  }
  free(copy), free(own), free(aside);
  if (memcmp(columns, transposed, (size_t)packed * 2) != 0) {
    printf("%ld×%ld×%ld: the two ways of packing differ\n", m, n, k);
    failures++;
  }

  float *expected = malloc((size_t)(m * n) * 4), *y = filled(m * n), *before = malloc((size_t)(m * n) * 4);
  memcpy(before, y, (size_t)(m * n) * 4);
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      double sum = 0;
      for (long p = 0; p < k; p++) sum += (double)x[i * k + p] * w[j * k + p];
      expected[i * n + j] = (float)(2 * sum + before[i * n + j]);
    }
  struct hs_bf16_operands operand = {
      (const uint32_t *)(const void *)rows, pairs, 1, columns, pairs * 128, pairs, 0, LONG_MAX};
  struct hs_bf16_operands both[2] = {operand, operand};
  // What is fetched meanwhile ends where its pages do, and changes nothing.
  char pages_memory[2][192];
  void *const bases[] = {pages_memory[0], pages_memory[1]};
  struct hs_bf16_pages pages = {bases, 2, 64, 128, 0, NULL, NULL};
  const struct hs_bf16_next next = {columns, packed * 2, &pages}, none = {0};
  hs_bf16_multiply(both, 2, y, n, 0, m, 0, n, 1, next);
  compare(y, expected, m * n, "product");
  product_of_some_panels(operand, m, n, expected, before);
  const long fetched = pages.next * 128 - (pages.end - pages.at);
  if (pages.next > 2 || pages.at > pages.end || fetched > 256) {
    printf("%ld×%ld×%ld: fetched behind the pages\n", m, n, k);
    failures++;
  }

  // A row alone has the same bits.
  float *alone = malloc((size_t)n * 4);
  memcpy(alone, before + (m - 1) * n, (size_t)n * 4);
  struct hs_bf16_operands last[2] = {operand, operand};
  last[0].left += (m - 1) * pairs;
  last[1].left += (m - 1) * pairs;
  hs_bf16_multiply(last, 2, alone, n, 0, 1, 0, n, 1, none);
  if (memcmp(alone, y + (m - 1) * n, (size_t)n * 4) != 0) {
    printf("%ld×%ld×%ld: a row depends on the others\n", m, n, k);
    failures++;
  }

  // The left operand out of its panels, 64 rows at a time.
  memcpy(y, before, (size_t)(m * n) * 4);
  for (long i = 0; i < m; i += 64) {
    struct hs_bf16_operands outer = {
        (const uint32_t *)(const void *)(left + i / 64 * pairs * 128), 1, 64, columns, pairs * 128,
        pairs, 0, LONG_MAX};
    for (int twice = 0; twice < 2; twice++)
      hs_bf16_multiply(&outer, 1, y + i * n, n, 0, m - i < 64 ? m - i : 64, 0, n, 1, none);
  }
  compare(y, expected, m * n, "outer product");

  hs_bf16_unpack_column(columns, k, n - 1, xt);
  compare(xt, w + (n - 1) * k, k < m * k ? k : m * k, "column");
  free(x), free(w), free(rows), free(columns), free(transposed), free(left), free(wt), free(xt);
  free(expected), free(y), free(before), free(alone);
}

int main(void) {
  static const long shapes[][3] = {
      {1, 1, 1}, {1, 7, 3}, {3, 64, 16}, {8, 65, 33}, {6, 130, 64}, {67, 9, 100}, {13, 66, 31}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    product(shapes[i][0], shapes[i][1], shapes[i][2]);
  printf("bf16 instructions: %s; largest difference %.1e\n", hs_bf16_supported() ? "yes" : "no", worst);
  return failures != 0;
}
