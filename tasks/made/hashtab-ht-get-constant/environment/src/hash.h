#ifndef HASH_H
#define HASH_H

#include <stdint.h>

/* FNV-1a, 32 bits. */
uint32_t hash_string(const char *text);

#endif
