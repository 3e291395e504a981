/* Times y[T, N] = x[T, K] * w[N, K]^T in fp32 at the shapes of SmolLM2-135M, with one library a run:
   gemm openblas | onednn | plain. Prints GFLOP/s (median) and the largest relative error against
   sums in double precision. */
#include <cblas.h>
#include <dnnl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void (*gemm)(int T, int N, int K, const float *x, const float *w, float *y);

static void openblas(int T, int N, int K, const float *x, const float *w, float *y) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, T, N, K, 1, x, K, w, K, 0, y, N);
}

static void onednn(int T, int N, int K, const float *x, const float *w, float *y) {
  if (dnnl_sgemm('N', 'T', T, N, K, 1, x, K, w, K, 0, y, N) != dnnl_success) {
    fprintf(stderr, "gemm: dnnl_sgemm failed\n");
    exit(1);
  }
}

static void plain(int T, int N, int K, const float *x, const float *w, float *y) {
  for (int t = 0; t < T; t++) {
    for (int n = 0; n < N; n++) {
      float sum = 0;
      for (int k = 0; k < K; k++) sum += x[(size_t)t * K + k] * w[(size_t)n * K + k];
      y[(size_t)t * N + n] = sum;
    }
  }
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static float *numbers(size_t count, unsigned seed) {
  float *result = malloc(count * sizeof *result);
  if (result == NULL) {
    fprintf(stderr, "gemm: no memory\n");
    exit(1);
  }
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    result[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
  }
  return result;
}

static int ascending(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}

/* Relative to the sum of the products' sizes, which is what rounding errors scale with. */
static double error(int T, int N, int K, const float *x, const float *w, const float *y) {
  double worst = 0;
  for (int t = 0; t < T; t += T > 8 ? T / 8 : 1) {
    for (int n = 0; n < N; n += N > 64 ? N / 64 : 1) {
      double sum = 0, size = 0;
      for (int k = 0; k < K; k++) {
        double product = (double)x[(size_t)t * K + k] * w[(size_t)n * K + k];
        sum += product;
        size += fabs(product);
      }
      worst = fmax(worst, fabs(sum - y[(size_t)t * N + n]) / size);
    }
  }
  return worst;
}

static void measure(const char *library, gemm run, int T, int N, int K) {
  enum { MOST = 200 };
  double times[MOST], begin = seconds();
  float *x = numbers((size_t)T * K, 1), *w = numbers((size_t)N * K, 2), *y = numbers((size_t)T * N, 3);
  int count = 0;
  run(T, N, K, x, w, y);
  while (count < 3 || (count < MOST && seconds() - begin < 0.5)) {
    double start = seconds();
    run(T, N, K, x, w, y);
    times[count++] = seconds() - start;
  }
  qsort(times, (size_t)count, sizeof *times, ascending);
  double rate = 2e-9 * T * N * K / times[count / 2];
  printf("%-9s %5d %6d %5d %9.1f %10.1e\n", library, T, N, K, rate, error(T, N, K, x, w, y));
  free(x);
  free(w);
  free(y);
}

int main(int argc, char **argv) {
  static const int outputs[][2] = {{576, 576}, {192, 576}, {1536, 576}, {576, 1536}, {49152, 576}};
  static const int rows[] = {1, 8, 512};
  const char *library = argc == 2 ? argv[1] : "";
  gemm run = strcmp(library, "openblas") == 0 ? openblas
             : strcmp(library, "onednn") == 0 ? onednn
             : strcmp(library, "plain") == 0  ? plain
                                              : NULL;
  if (run == NULL) {
    fprintf(stderr, "usage: gemm openblas | onednn | plain\n");
    return 2;
  }
  if (run == openblas) {
    printf("openblas's kernels: %s (OPENBLAS_CORETYPE overrides)\n", openblas_get_corename());
  }
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
      measure(library, run, rows[r], outputs[i][0], outputs[i][1]);
    }
  }
  return 0;
}
