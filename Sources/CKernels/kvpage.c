#include "attention.h"

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
