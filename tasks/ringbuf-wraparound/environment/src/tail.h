#ifndef TAIL_H
#define TAIL_H

#include <stddef.h>

/* Writes the last `keep` bytes of `text` and a NUL to `out`, which has room for keep + 1.
   `keep` is at most 64. Returns how many bytes there are. */
size_t tail_of(const char *text, size_t keep, char *out);

#endif
