#include "stats.h"

#include "numlist.h"

enum { ROOM = 32 };

static int extremes(const char *text, long *low, long *high) {
  long numbers[ROOM];
  int count = numlist_read(text, numbers, ROOM);
  if (count <= 0) return -1;
  *low = *high = numbers[0];
  for (int i = 2; i < count; i++) {
    if (numbers[i] < *low) *low = numbers[i];
    if (numbers[i] > *high) *high = numbers[i];
  }
  return 0;
}

int stats_max(const char *text, long *result) {
  long low;
  return extremes(text, &low, result);
}

int stats_range(const char *text, long *result) {
  long low, high;
  if (extremes(text, &low, &high) < 0) return -1;
  *result = high - low;
  return 0;
}
