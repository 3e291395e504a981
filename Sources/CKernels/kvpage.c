#include "attention.h"

#include <string.h>

#include "attention_operations.h"

long hs_kv_layer_bytes(long kv_heads, long head_size) {
  return kv_heads * page_tokens / 2 * (head_size + padded_head(head_size)) * (long)sizeof(pair);
}

void hs_kv_append(
    void *layer, long kv_heads, long head_size, long slot, long count, const float *keys,
    const float *values, long stride) {
  const attention_operations *operations = attention_operations_here();
  const long width = padded_head(head_size);
  for (long head = 0; head < kv_heads; head++) {
    pair *k = (pair *)layer + head * page_tokens / 2 * (head_size + width);
    pair *v = k + page_tokens / 2 * head_size;
    operations->pack_channels(keys + head * head_size, stride, count, head_size, k, slot);
    operations->pack_tokens(
        values + head * head_size, stride, count, head_size, v, width, slot);
  }
}

void hs_kv_clear(void *layer, long kv_heads, long head_size, long first, long end) {
  const long width = padded_head(head_size);
  for (long head = 0; head < kv_heads; head++) {
    pair *k = (pair *)layer + head * page_tokens / 2 * (head_size + width);
    pair *v = k + page_tokens / 2 * head_size;
    for (long d = 0; d < head_size / 2; d++)
      memset(k + d * page_tokens + first, 0, (size_t)(end - first) * sizeof *k);
    for (long t = first; t < end; t++)
      for (long d = 0; d < width; d++)
        *(t % 2 ? &v[t / 2 * width + d].second : &v[t / 2 * width + d].first) = 0;
  }
}
