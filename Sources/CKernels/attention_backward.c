#include <math.h>
#include <string.h>

#include "attention.h"
#include "attention_operations.h"

// Blocks are 64 queries × 64 keys. Scores have a row a query; the gradients of keys and values are
// summed transposed, [D][64 tokens], so that probabilities are used as they come out of registers.

enum { block = page_tokens, half = block / 2, step_rows = 12 };

static const float log2_e = 1.44269504f;

static long minimum(long a, long b) { return a < b ? a : b; }
static long maximum(long a, long b) { return a > b ? a : b; }
static long block_count(long count) { return (count + block - 1) / block; }

/// Everything that one kv head's gradients need; D/2 pairs a row, Dp columns where padded. Blocks of keys
/// count from the first token of the past, those of queries from its end, inside a block of keys or not.
typedef struct {
  pair *key_channels, *value_channels; // [key blocks][D/2][64]
  pair *key_tokens;                    // [key blocks][32][Dp]
  float *d_keys, *d_values;            // [key blocks][D][64]
  pair *q_rows, *d_output_rows;        // [count][D/2], of one query head
  pair *q_tokens, *d_output_tokens;    // [blocks][32][Dp]
  float *log_sums, *means;             // [blocks · 64]
  float *scores, *dp;                  // [step_rows][64]
  pair *d_rows;                        // [64][32]
  pair *d_pairs, *p_pairs;             // [32][64]
} workspace;

static workspace lay_out(
    hs_attention_shape shape, long past, long count, char *base, long *bytes) {
  const long size = shape.head_size, width = (size + lanes - 1) / lanes * lanes;
  const long blocks = block_count(count), key_blocks = block_count(past + count);
  workspace w;
  long used = 0;
#define TAKE(FIELD, COUNT)                                                                         \
  (w.FIELD = base ? (void *)(base + used) : 0,                                                     \
   used += ((COUNT) * (long)sizeof *w.FIELD + 63) / 64 * 64)
  TAKE(key_channels, key_blocks * size / 2 * block);
  TAKE(value_channels, key_blocks * size / 2 * block);
  TAKE(key_tokens, key_blocks * block / 2 * width);
  TAKE(d_keys, key_blocks * size * block);
  TAKE(d_values, key_blocks * size * block);
  TAKE(q_rows, count * size / 2);
  TAKE(d_output_rows, count * size / 2);
  TAKE(q_tokens, blocks * block / 2 * width);
  TAKE(d_output_tokens, blocks * block / 2 * width);
  TAKE(log_sums, blocks * block);
  TAKE(means, blocks * block);
  TAKE(scores, step_rows * block);
  TAKE(dp, step_rows * block);
  TAKE(d_rows, block * block / 2);
  TAKE(d_pairs, block / 2 * block);
  TAKE(p_pairs, block / 2 * block);
#undef TAKE
  *bytes = used;
  return w;
}

long hs_attention_backward_scratch(hs_attention_shape shape, long past, long count) {
  long bytes;
  lay_out(shape, past, count, 0, &bytes);
  return bytes;
}

/// Keys and values `first` ..< `end` of one kv head, which stand from there on, into block j.
static void pack_block(
    const workspace *w, long size, const float *keys, const float *values, long step, long first,
    long end, long j) {
  const attention_operations *operations = attention_operations_here();
  const long slot = first - j * block, panel = j * size / 2 * block, width = padded_head(size);
  if (first >= end) return;
  operations->pack_channels(keys, step, end - first, size, w->key_channels + panel, slot);
  operations->pack_channels(values, step, end - first, size, w->value_channels + panel, slot);
  operations->pack_tokens(
      keys, step, end - first, size, w->key_tokens + j * block / 2 * width, width, slot);
}

static void pack_keys(
    hs_attention_shape shape, const hs_attention_gradient *s, const workspace *w, long kv_head) {
  const long size = shape.head_size, width = padded_head(size), column = kv_head * size;
  const long past = s->past, total = past + s->count, blocks = block_count(total);
  const size_t channels = (size_t)(blocks * size / 2 * block) * sizeof(pair);
  memset(w->key_channels, 0, channels);
  memset(w->value_channels, 0, channels);
  memset(w->key_tokens, 0, (size_t)(blocks * block / 2 * width) * sizeof(pair));
  for (long j = 0; j < blocks; j++) {
    // The past may end inside a block, whose other tokens are the sequence's own.
    const long first = j * block, end = minimum(first + block, total);
    const long middle = first > past ? first : minimum(past, end);
    const long old = first * s->step + column, own = (middle - past) * s->step + column;
    pack_block(w, size, s->past_keys + old, s->past_values + old, s->step, first, middle, j);
    pack_block(w, size, s->keys + own, s->values + own, s->step, middle, end, j);
  }
}

static void pack_queries(
    hs_attention_shape shape, const hs_attention_gradient *s, const workspace *w, long head) {
  const attention_operations *operations = attention_operations_here();
  const long size = shape.head_size, width = padded_head(size);
  const size_t tokens = (size_t)(block_count(s->count) * block / 2 * width) * sizeof(pair);
  memset(w->q_tokens, 0, tokens);
  memset(w->d_output_tokens, 0, tokens);
  for (long t = 0; t < s->count; t++) {
    const float *q = s->q + t * s->step + head * size;
    const float *d_output = s->d_output + t * s->d_output_step + head * size;
    const float *output = s->output + t * s->output_step + head * size;
    if (t + rows_ahead < s->count) {
      fetch(q + rows_ahead * s->step, size);
      fetch(d_output + rows_ahead * s->d_output_step, size);
      fetch(output + rows_ahead * s->output_step, size);
    }
    operations->round_row(q, size, w->q_rows + t * size / 2);
    operations->round_row(d_output, size, w->d_output_rows + t * size / 2);
    w->means[t] = operations->dot(d_output, output, size);
    w->log_sums[t] = s->log_sum_exp[t * shape.heads + head] * log2_e;
  }
  // Tokens stand on end over all blocks: [blocks · 32][Dp] is one panel.
  operations->pack_tokens(s->q + head * size, s->step, s->count, size, w->q_tokens, width, 0);
  operations->pack_tokens(
      s->d_output + head * size, s->d_output_step, s->count, size, w->d_output_tokens, width, 0);
}

/// Probabilities and the scores' gradients of `rows` queries from row `query` on, against block j's
/// keys.
static void block_scores(
    hs_attention_shape shape, const workspace *w, long past, long query, long rows, long j) {
  const attention_operations *operations = attention_operations_here();
  const long size = shape.head_size, panel = j * size / 2 * block;
  const float scale = 1 / sqrtf((float)size);
  for (long row = 0; row < rows; row += step_rows) {
    const long count = minimum(step_rows, rows - row), first = query + row;
    long visible[step_rows];
    for (long i = 0; i < step_rows; i++)
      visible[i] = i < count ? minimum(block, past + first + i - j * block + 1) : 0;
    const long most = visible[count - 1];
    operations->product(
        count, most, size / 2, w->q_rows + first * size / 2, size / 2, 1, w->key_channels + panel,
        block, w->scores, block, 0, NULL);
    operations->product(
        count, most, size / 2, w->d_output_rows + first * size / 2, size / 2, 1,
        w->value_channels + panel, block, w->dp, block, 0, NULL);
    operations->score_gradient(
        (count + 1) / 2 * 2, w->scores, w->dp, visible, scale * log2_e, w->log_sums + first,
        w->means + first, scale, w->d_rows + row * block / 2, w->d_pairs + row / 2 * block,
        w->p_pairs + row / 2 * block);
  }
}

/// Block i of one head's queries against block j of the keys; `begins`: the first to reach the
/// gradients of these keys.
static void gradient_block(
    hs_attention_shape shape, const hs_attention_gradient *s, const workspace *w, long head, long i,
    long j, int begins) {
  const attention_operations *operations = attention_operations_here();
  const long size = shape.head_size, width = padded_head(size);
  const long rows = minimum(block, s->count - i * block), pairs = (rows + 1) / 2;
  const long tokens = i * block / 2 * width;
  // Query r sees the first offset + r + 1 of the block's keys: what it doesn't see is zeros.
  const long offset = s->past + (i - j) * block;
  block_scores(shape, w, s->past, i * block, rows, j);
  const int whole = offset + 1 >= block;
  const long width_of_keys = whole ? block : half;
  for (long key = 0; key < block; key += width_of_keys) {
    const long unseen = minimum(maximum(key - offset, 0) / 2, pairs);
    const long left = tokens + unseen * width, right = unseen * block + key;
    const long gradient = j * size * block + key;
    operations->product(
        size, width_of_keys, pairs - unseen, w->d_output_tokens + left, 1, width,
        w->p_pairs + right, block, w->d_values + gradient, block, !begins, NULL);
    operations->product(
        size, width_of_keys, pairs - unseen, w->q_tokens + left, 1, width, w->d_pairs + right,
        block, w->d_keys + gradient, block, !begins, NULL);
  }
  const long step = whole ? rows : step_rows;
  for (long row = 0; row < rows; row += step) {
    const long count = minimum(step, rows - row), seen = minimum(block, offset + row + count);
    if (seen <= 0) continue;
    operations->product(
        count, size, (seen + 1) / 2, w->d_rows + row * block / 2, block / 2, 1,
        w->key_tokens + j * block / 2 * width, width,
        s->dq + (i * block + row) * s->dq_step + head * size, s->dq_step, j > 0, NULL);
  }
}

/// A kv head's [D][64] blocks back to rows.
static void put_rows(
    const float *blocks, long first, long count, long size, float *rows, long step) {
  for (long t = 0; t < count; t++) {
    const float *from = blocks + (first + t) / block * size * block + (first + t) % block;
    for (long d = 0; d < size; d++) rows[t * step + d] = from[d * block];
  }
}

void hs_attention_backward(
    hs_attention_shape shape, const hs_attention_gradient *s, long first_head, long end_head,
    void *scratch) {
  long bytes;
  const workspace w = lay_out(shape, s->past, s->count, scratch, &bytes);
  const long size = shape.head_size, past = s->past, blocks = block_count(s->count);
  pack_keys(shape, s, &w, first_head / (shape.heads / shape.kv_heads));
  for (long head = first_head; head < end_head; head++) {
    pack_queries(shape, s, &w, head);
    for (long j = 0; j * block < past + s->count; j++) {
      // The first block of queries whose last one sees this block of keys.
      const long first = j * block < past ? 0 : (j * block - past) / block;
      for (long i = first; i < blocks; i++)
        gradient_block(shape, s, &w, head, i, j, head == first_head && i == first);
    }
  }
  put_rows(w.d_keys, 0, s->past, size, s->past_dk, s->past_dkv_step);
  put_rows(w.d_values, 0, s->past, size, s->past_dv, s->past_dkv_step);
  put_rows(w.d_keys, s->past, s->count, size, s->dk, s->dkv_step);
  put_rows(w.d_values, s->past, s->count, size, s->dv, s->dkv_step);
}
