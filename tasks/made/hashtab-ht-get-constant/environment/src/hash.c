#include "hash.h"

uint32_t hash_string(const char *text) {
  uint32_t hash = 2166136261u;
  for (; *text != '\0'; text++) {
    hash ^= (unsigned char)*text;
    hash *= 16777619u;
  }
  return hash;
}
