#include "attention.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "attention_operations.h"
#include "bf16.h"

// Query rows of a step: few enough that scores and probabilities stay in the first-level cache.
enum { step_rows = 12, chunk_rows = 96 };

static const float log2_e = 1.44269504f, ln_2 = 0.69314718f;

const attention_operations *attention_operations_here(void) {
#if defined(__x86_64__) && !defined(HS_PORTABLE_KERNELS)
  if (hs_bf16_supported()) return &attention_avx512;
#endif
  return &attention_portable;
}

static long minimum(long a, long b) { return a < b ? a : b; }

/// Hands out pieces of the caller's memory, each aligned to 64 bytes; measures with base = 0.
typedef struct {
  char *base;
  long used;
} arena;

static void *take(arena *memory, long count, long size) {
  void *piece = memory->base ? memory->base + memory->used : 0;
  memory->used += (count * size + 63) / 64 * 64;
  return piece;
}

// MARK: forward

/// A chunk of query rows of one kv head: row t · group + g is query head g of token t.
typedef struct {
  pair *q;             // [rows][D/2]
  float *maxima;       // [rows], in powers of two
  float *sums;         // [rows][16]
  float *output;       // [rows][Dp]
  float *scores;       // [step_rows][64]
  pair *probabilities; // [step_rows][32]
} chunk;

static long group_size(hs_attention_shape shape) { return shape.heads / shape.kv_heads; }

/// Tokens of `most` whose rows make a chunk.
static long chunk_tokens(hs_attention_shape shape, long most) {
  const long tokens = chunk_rows / group_size(shape);
  return minimum(tokens > 0 ? tokens : 1, most);
}

static chunk make_chunk(hs_attention_shape shape, long tokens, arena *memory) {
  const long rows = chunk_tokens(shape, tokens) * group_size(shape);
  chunk c;
  c.q = take(memory, rows * shape.head_size / 2, sizeof(pair));
  c.maxima = take(memory, rows, sizeof(float));
  c.sums = take(memory, rows * lanes, sizeof(float));
  c.output = take(memory, rows * padded_head(shape.head_size), sizeof(float));
  c.scores = take(memory, step_rows * page_tokens, sizeof(float));
  c.probabilities = take(memory, step_rows * page_tokens / 2, sizeof(pair));
  return c;
}

long hs_attention_forward_scratch(hs_attention_shape shape, long tokens) {
  arena memory = {0, 0};
  make_chunk(shape, tokens, &memory);
  return memory.used;
}

/// The chunk's rows against one page, step by step. `position` is the first row's in the page:
/// negative where the page's beginning lies after it. Meanwhile `following`, the next page to be
/// attended to, comes from memory with its first `following_tokens`; NULL where it needn't.
static void attend_page(
    hs_attention_shape shape, const chunk *c, long rows, long position, const pair *keys,
    const pair *following, long following_tokens) {
  const attention_operations *operations = attention_operations_here();
  const long size = shape.head_size, width = padded_head(size), group = group_size(shape);
  const pair *values = keys + page_tokens / 2 * size;
  const float scale = log2_e / sqrtf((float)size);
  ahead next_keys = {following, page_tokens, size / 2, (following_tokens + lanes - 1) / lanes};
  ahead next_values = {NULL, width, (following_tokens + 1) / 2, width / lanes};
  if (following) next_values.first = following + page_tokens / 2 * size;
  for (long row = 0; row < rows; row += step_rows) {
    const long count = minimum(step_rows, rows - row);
    long visible[step_rows];
    for (long i = 0; i < count; i++)
      visible[i] = minimum(page_tokens, position + (row + i) / group + 1);
    const long most = visible[count - 1];
    if (most <= 0) continue;
    operations->product(
        count, most, size / 2, c->q + row * size / 2, size / 2, 1, keys, page_tokens, c->scores,
        page_tokens, 0, following ? &next_keys : NULL);
    operations->softmax(
        count, c->scores, visible, scale, c->maxima + row, c->sums + row * lanes,
        c->output + row * width, width, c->probabilities);
    // Pairs behind the last visible token would only add zeros.
    operations->product(
        count, width, (most + 1) / 2, c->probabilities, page_tokens / 2, 1, values, width,
        c->output + row * width, width, 1, following ? &next_values : NULL);
  }
}

/// Divides by the sums, and writes what the chunk found.
static void finish(
    hs_attention_shape shape, const hs_attention_queries *queries, const chunk *c, long kv_head,
    long first, long rows) {
  const long size = shape.head_size, width = padded_head(size), group = group_size(shape);
  for (long row = 0; row < rows; row++) {
    const long token = first + row / group, head = kv_head * group + row % group;
    float total = 0;
    for (long l = 0; l < lanes; l++) total += c->sums[row * lanes + l];
    const float inverse = 1 / total;
    const float *source = c->output + row * width;
    float *target = queries->output + token * queries->output_step + head * size;
    for (long d = 0; d < size; d++) target[d] = source[d] * inverse;
    queries->log_sum_exp[token * shape.heads + head] = (c->maxima[row] + log2f(total)) * ln_2;
  }
}

static const pair *head_of(const hs_attention_queries *queries, long page, long head_offset) {
  return (const pair *)((const char *)queries->pages[page] + queries->offset + head_offset);
}

void hs_attention_forward(
    hs_attention_shape shape, const hs_attention_queries *queries, long kv_head, long first,
    long end, void *scratch) {
  const attention_operations *operations = attention_operations_here();
  const long size = shape.head_size, width = padded_head(size), group = group_size(shape);
  const long head_bytes = page_tokens / 2 * (size + width) * (long)sizeof(pair);
  const long head_offset = kv_head * head_bytes;
  arena memory = {scratch, 0};
  const chunk c = make_chunk(shape, end - first, &memory);
  const long step = chunk_tokens(shape, end - first);
  for (long token = first; token < end; token += step) {
    const long tokens = minimum(step, end - token), rows = tokens * group;
    for (long t = 0; t < tokens; t++) {
      const float *q = queries->q + (token + t) * queries->q_step + kv_head * group * size;
      if (token + t + rows_ahead < end) fetch(q + rows_ahead * queries->q_step, group * size);
      operations->round_row(q, group * size, c.q + t * group * size / 2);
    }
    for (long row = 0; row < rows; row++) c.maxima[row] = -1e30f;
    memset(c.sums, 0, (size_t)(rows * lanes) * sizeof(float));
    memset(c.output, 0, (size_t)(rows * width) * sizeof(float));
    const long position = queries->past + token, visible = position + tokens;
    for (long page = 0; page * page_tokens < visible; page++) {
      // Few rows take less time than their page's way from memory, so that the next one starts here:
      // this head's, or the first one of the next head, which stands behind it.
      const long next = (page + 1) * page_tokens < visible ? page + 1 : 0;
      const int fetches = rows <= step_rows && (next > 0 || kv_head + 1 < shape.kv_heads);
      attend_page(
          shape, &c, rows, position - page * page_tokens, head_of(queries, page, head_offset),
          fetches ? head_of(queries, next, head_offset + (next > 0 ? 0 : head_bytes)) : NULL,
          minimum(page_tokens, visible - next * page_tokens));
    }
    finish(shape, queries, &c, kv_head, token, rows);
  }
}
