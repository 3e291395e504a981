#include "ringbuf.h"

#include <string.h>

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

void rb_init(ringbuf *rb, void *memory, size_t capacity) {
  rb->data = memory;
  rb->capacity = capacity;
  rb->start = rb->count = 0;
}

size_t rb_write(ringbuf *rb, const void *bytes, size_t count) {
  const unsigned char *from = bytes;
  count = smaller(count, rb->capacity - rb->count);
  if (count == 0) return 0;
  size_t end = (rb->start + rb->count) % rb->capacity;
  size_t first = smaller(count, rb->capacity - end);
  memcpy(rb->data + end, from, first);
  memcpy(rb->data, from, count - first);
  rb->count += count;
  return count;
}

size_t rb_read(ringbuf *rb, void *bytes, size_t count) {
  unsigned char *to = bytes;
  count = smaller(count, rb->count);
  if (count == 0) return 0;
  size_t first = smaller(count, rb->capacity - rb->start);
  memcpy(to, rb->data + rb->start, first);
  memcpy(to + first, rb->data, count - first);
  rb->start = (rb->start + count) % rb->capacity;
  rb->count -= count;
  return count;
}

void rb_push(ringbuf *rb, unsigned char byte) {
  rb->data[(rb->start + rb->count) % rb->capacity] = byte;
  if (rb->count < rb->capacity)
    rb->count++;
  else
    rb->start = (rb->start + 1) % rb->capacity;
}

int rb_peek(const ringbuf *rb, size_t index) {
  if (index >= rb->count) return -1;
  return rb->data[(rb->start + index) % rb->capacity];
}
