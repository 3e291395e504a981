#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* Writes the text and a NUL to `out`, which has room for 4 * ((size + 2) / 3) + 1. */
void base64_encode(const void *data, size_t size, char *out);

/* Writes the bytes to `out`, which has room for 3 for each 4 characters of `text`.
   Returns how many there are, or -1 if `text` is not base64. */
long base64_decode(const char *text, void *out);

#endif
