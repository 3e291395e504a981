#ifndef BITSET_H
#define BITSET_H

#include <stdbool.h>
#include <stdint.h>

enum { BITSET_SIZE = 256 };

typedef struct {
  uint64_t words[BITSET_SIZE / 64];
} bitset;

void bs_clear(bitset *set);
void bs_add(bitset *set, unsigned number);
void bs_remove(bitset *set, unsigned number);
bool bs_has(const bitset *set, unsigned number);
unsigned bs_count(const bitset *set);

/* The smallest number in the set that is at least `from`, or -1. */
int bs_next(const bitset *set, unsigned from);

#endif
