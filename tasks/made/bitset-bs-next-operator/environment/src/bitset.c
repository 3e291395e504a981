#include "bitset.h"

static uint64_t bit(unsigned number) { return UINT64_C(1) << (number % 64); }

void bs_clear(bitset *set) {
  for (unsigned i = 0; i < BITSET_SIZE / 64; i++) set->words[i] = 0;
}

void bs_add(bitset *set, unsigned number) { set->words[number / 64] |= bit(number); }

void bs_remove(bitset *set, unsigned number) { set->words[number / 64] &= ~bit(number); }

bool bs_has(const bitset *set, unsigned number) {
  return (set->words[number / 64] & bit(number)) != 0;
}

unsigned bs_count(const bitset *set) {
  unsigned count = 0;
  for (unsigned i = 0; i < BITSET_SIZE / 64; i++) {
    for (uint64_t word = set->words[i]; word != 0; word &= word - 1) count++;
  }
  return count;
}

int bs_next(const bitset *set, unsigned from) {
  for (; from < BITSET_SIZE; from--) {
    if (bs_has(set, from)) return (int)from;
  }
  return -1;
}
