#ifndef MEM_H
#define MEM_H

#include <stddef.h>

/* malloc, realloc and free that count: mem_live() is the number of blocks not yet freed. */
void *mem_resize(void *block, size_t size);
void mem_free(void *block);
int mem_live(void);

#endif
