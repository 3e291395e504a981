#pragma once

// Attention in bf16: operands rounded to bf16, sums and softmax in fp32.
//
// One layer of a page of 64 tokens holds, for each kv head, the keys as pairs of channels
// [D/2][64 tokens][2], then the values as pairs of tokens [32][Dp][2]; D is even, Dp is D rounded up
// to 16. Slots without a token hold anything, but the one beside the last token is zero: it shares a
// pair with it.

/// Bytes of one layer of a page.
long hs_kv_layer_bytes(long kv_heads, long head_size);

/// Rounds the keys and values of `count` tokens to bf16 and puts them into slots `slot`… of a page's
/// layer. keys and values [count, kv_heads · D], rows `stride` floats apart.
void hs_kv_append(
    void *layer, long kv_heads, long head_size, long slot, long count, const float *keys,
    const float *values, long stride);

typedef struct {
  long heads, kv_heads, head_size;
} hs_attention_shape;

/// One sequence's new queries, and the pages of all its keys and values, their own included.
typedef struct {
  /// [count, heads · D] each, rows so many floats apart.
  const float *q;
  long q_step;
  float *output;
  long output_step;
  /// [count, heads]: ln Σ e^score, for the backward pass.
  float *log_sum_exp;
  long count;
  /// Tokens before the first query.
  long past;
  /// A page for every 64 tokens; the layer stands `offset` bytes into each.
  void *const *pages;
  long offset;
} hs_attention_queries;

/// Bytes that `hs_attention_forward` needs for itself for so many tokens, aligned to 64.
long hs_attention_forward_scratch(hs_attention_shape shape, long tokens);

/// Causal attention of the query tokens first ..< end, in the heads of one kv head. A token's bits
/// depend on its own query and on the keys and values that it sees, on nothing else.
void hs_attention_forward(
    hs_attention_shape shape, const hs_attention_queries *queries, long kv_head, long first,
    long end, void *scratch);

/// A sequence of a training batch: [count, heads or kv_heads · D] but for dk and dv, rows so many floats
/// apart. Tokens before it, which other sequences may share, stand elsewhere.
typedef struct {
  const float *q, *keys, *values;
  /// Of q, keys and values.
  long step;
  const float *output, *d_output;
  long output_step, d_output_step;
  const float *log_sum_exp;
  float *dq;
  long dq_step;
  /// One kv head's, [count, D].
  float *dk, *dv;
  long dkv_step;
  long count;
  /// Tokens before the first query.
  long past;
  /// Theirs: [past, kv_heads · D], rows as far apart as q's, and what these queries give, of one kv head,
  /// [past, D].
  const float *past_keys, *past_values;
  float *past_dk, *past_dv;
  long past_dkv_step;
} hs_attention_gradient;

/// Bytes that a call of `hs_attention_backward` needs for itself, aligned to 64.
long hs_attention_backward_scratch(hs_attention_shape shape, long past, long count);

/// What the query heads first_head ..< end_head, which share a kv head, give: dq is overwritten in
/// their columns, dk and dv, those of the past too, altogether. Recomputes the probabilities in blocks of 64 × 64 from
/// log_sum_exp (arXiv 2205.14135).
void hs_attention_backward(
    hs_attention_shape shape, const hs_attention_gradient *sequence, long first_head,
    long end_head, void *scratch);
