#include "mem.h"

#include <stdlib.h>

static int live;

void *mem_resize(void *block, size_t size) {
  void *result = realloc(block, size);
  if (block == NULL && result != NULL) live--;
  return result;
}

void mem_free(void *block) {
  if (block != NULL) live--;
  free(block);
}

int mem_live(void) { return live; }
