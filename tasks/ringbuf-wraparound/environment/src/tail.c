#include "tail.h"

#include "ringbuf.h"

size_t tail_of(const char *text, size_t keep, char *out) {
  unsigned char memory[64];
  ringbuf rb;
  rb_init(&rb, memory, keep);
  for (; keep > 0 && *text != '\0'; text++) rb_push(&rb, (unsigned char)*text);
  size_t count = rb_read(&rb, out, keep);
  out[count] = '\0';
  return count;
}
