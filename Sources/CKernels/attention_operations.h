#pragma once

#include <stdint.h>

// What attention in bf16 consists of, once per instruction set; attention.c puts it together.

enum { page_tokens = 64, lanes = 16 };

static inline long padded_head(long head_size) { return (head_size + lanes - 1) / lanes * lanes; }

/// Values of one row and of its successor side by side, or of one channel and the next: what one
/// instruction multiplies and adds at a time. All steps count such pairs.
typedef struct {
  uint16_t first, second;
} pair;

/// Rows' heads stand too far apart for the processor to foresee which comes next: asks for `count` floats.
enum { rows_ahead = 8 };
static inline void fetch(const float *x, long count) {
  for (long i = 0; i < count; i += lanes) __builtin_prefetch(x + i);
}

/// Rows of pairs that will be wanted next, fetched beside a product: a row with each of its pairs.
typedef struct {
  const pair *first;
  long step, rows;
  /// Vectors of a row.
  long vectors;
} ahead;

typedef struct {
  /// c[rows][columns] = (or += with `accumulate`) Σ left[row][p] · right[p][column] over `pairs`
  /// pairs p, in their order whatever the rows are. right has ⌈columns/16⌉·16 columns. `fetch` may be
  /// null.
  void (*product)(
      long rows, long columns, long pairs, const pair *left, long row_step, long pair_step,
      const pair *right, long right_step, float *c, long c_step, int accumulate,
      const ahead *fetch);

  /// One more page for `rows` queries: e^(score − maximum) of the first visible[row] of 64 columns
  /// as bf16 into probabilities [rows][32 pairs], zeros behind. `scale` takes the scores to powers
  /// of two. Where a maximum (in powers of two) grows, the row's sums [rows][16] and its output
  /// [rows][width] shrink with it. Rows with visible ≤ 0 change nothing.
  void (*softmax)(
      long rows, const float *scores, const long *visible, float scale, float *maxima, float *sums,
      float *output, long width, pair *probabilities);

  /// For an even number of query rows: p = 2^(score · exponent_scale − log_sum[row]) where visible,
  /// d = p · (dp − mean[row]) · scale; d in rows [rows][32 pairs], p and d in pairs of rows
  /// [rows/2][64].
  void (*score_gradient)(
      long rows, const float *scores, const float *dp, const long *visible, float exponent_scale,
      const float *log_sum, const float *mean, float scale, pair *d_rows, pair *d_pairs,
      pair *p_pairs);

  /// x[count], count even, to bf16: y[count/2].
  void (*round_row)(const float *x, long count, pair *y);

  /// Channels become the pairs: x[tokens][channels], rows `step` apart, into panel[channels/2][64]
  /// from slot `slot` on.
  void (*pack_channels)(
      const float *x, long step, long tokens, long channels, pair *panel, long slot);

  /// Tokens become the pairs: the same into panel[32][width]. The slot before the first token
  /// stays as it is; the one that makes a pair with the last becomes zero.
  void (*pack_tokens)(
      const float *x, long step, long tokens, long channels, pair *panel, long width, long slot);

  float (*dot)(const float *a, const float *b, long count);
} attention_operations;

extern const attention_operations attention_portable;
#if defined(__x86_64__)
extern const attention_operations attention_avx512;
#endif

/// The fastest that this machine runs.
const attention_operations *attention_operations_here(void);
