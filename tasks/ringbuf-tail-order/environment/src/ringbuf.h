#ifndef RINGBUF_H
#define RINGBUF_H

#include <stddef.h>

typedef struct {
  unsigned char *data;
  size_t capacity;
  size_t start; /* where the oldest byte is */
  size_t count; /* bytes in the buffer */
} ringbuf;

void rb_init(ringbuf *rb, void *memory, size_t capacity);

/* Appends up to `count` bytes, as many as there is room for; returns how many. */
size_t rb_write(ringbuf *rb, const void *bytes, size_t count);

/* Takes up to `count` of the oldest bytes; returns how many. */
size_t rb_read(ringbuf *rb, void *bytes, size_t count);

/* Appends one byte; in a full buffer it takes the place of the oldest. */
void rb_push(ringbuf *rb, unsigned char byte);

/* The byte at `index`, counted from the oldest, or -1 if there is none. */
int rb_peek(const ringbuf *rb, size_t index);

#endif
