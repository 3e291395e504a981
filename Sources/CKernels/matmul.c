#include "kernels.h"

// One body, compiled per instruction set and chosen at run time. LANES floats a register; a tile of
// MR × NR dot products shares its loads. Weights are the outer loop: they are read once.
#define DEFINE_MATMUL(NAME, TARGET, LANES, MR, NR)                                                 \
  typedef float NAME##_vector __attribute__((vector_size(LANES * 4), aligned(4)));                 \
  TARGET static inline __attribute__((always_inline)) void NAME##_tile(                            \
      const float *x, long ldx, const float *w, long ldw, float *y, long ldy, long k,              \
      const int rows, const int columns) {                                                         \
    NAME##_vector sums[MR][NR];                                                                    \
    for (int i = 0; i < rows; i++)                                                                 \
      for (int j = 0; j < columns; j++) sums[i][j] = (NAME##_vector){0};                           \
    long p = 0;                                                                                    \
    for (; p + LANES <= k; p += LANES) {                                                           \
      NAME##_vector left[MR], right[NR];                                                           \
      for (int i = 0; i < rows; i++) left[i] = *(const NAME##_vector *)(x + i * ldx + p);          \
      for (int j = 0; j < columns; j++) right[j] = *(const NAME##_vector *)(w + j * ldw + p);      \
      for (int i = 0; i < rows; i++)                                                               \
        for (int j = 0; j < columns; j++) sums[i][j] += left[i] * right[j];                        \
    }                                                                                              \
    for (int i = 0; i < rows; i++)                                                                 \
      for (int j = 0; j < columns; j++) {                                                          \
        float lanes[LANES];                                                                        \
        __builtin_memcpy(lanes, &sums[i][j], sizeof lanes);                                        \
        for (int width = LANES / 2; width > 0; width /= 2)                                         \
          for (int l = 0; l < width; l++) lanes[l] += lanes[l + width];                            \
        float total = lanes[0];                                                                    \
        for (long q = p; q < k; q++) total += x[i * ldx + q] * w[j * ldw + q];                     \
        y[i * ldy + j] = total;                                                                    \
      }                                                                                            \
  }                                                                                                \
  TARGET static void NAME(                                                                         \
      const float *x, long ldx, const float *w, long ldw, float *y, long ldy, long m, long n,      \
      long k) {                                                                                    \
    for (long j = 0; j < n; j += NR) {                                                             \
      for (long i = 0; i < m; i += MR) {                                                           \
        const float *a = x + i * ldx, *b = w + j * ldw;                                            \
        float *c = y + i * ldy + j;                                                                \
        if (m - i >= MR && n - j >= NR)                                                            \
          NAME##_tile(a, ldx, b, ldw, c, ldy, k, MR, NR);                                          \
        else                                                                                       \
          for (long r = 0; r < (m - i < MR ? m - i : MR); r++) {                                   \
            if (n - j >= NR)                                                                       \
              NAME##_tile(a + r * ldx, ldx, b, ldw, c + r * ldy, ldy, k, 1, NR);                   \
            else                                                                                   \
              for (long s = 0; s < n - j; s++)                                                     \
                NAME##_tile(a + r * ldx, ldx, b + s * ldw, ldw, c + r * ldy + s, ldy, k, 1, 1);    \
          }                                                                                        \
      }                                                                                            \
    }                                                                                              \
  }

#define BASELINE
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx2,fma")))
DEFINE_MATMUL(matmul_avx512, AVX512, 16, 4, 4)
DEFINE_MATMUL(matmul_avx2, AVX2, 8, 4, 2)
#endif
DEFINE_MATMUL(matmul_baseline, BASELINE, 4, 4, 2)

const char *hs_instruction_set(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return "avx512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
  return "baseline";
}

void hs_matmul_nt(
    const float *x, long ldx, const float *w, long ldw, float *y, long ldy, long m, long n,
    long k) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) {
    matmul_avx512(x, ldx, w, ldw, y, ldy, m, n, k);
    return;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    matmul_avx2(x, ldx, w, ldw, y, ldy, m, n, k);
    return;
  }
#endif
  matmul_baseline(x, ldx, w, ldw, y, ldy, m, n, k);
}
