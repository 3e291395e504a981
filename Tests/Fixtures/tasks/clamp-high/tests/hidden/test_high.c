#include <stdio.h>

#include "clamp.h"

static int count, failures;

static void check(const char *name, int got, int expected) {
  count++;
  if (got == expected) {
    printf("ok %d - %s\n", count, name);
    return;
  }
  failures++;
  printf("not ok %d - %s\n# got: %d\n# expected: %d\n", count, name, got, expected);
}

int main(void) {
  check("too_high", clamp(9, 2, 4), 4);
  check("too_low", clamp(1, 2, 4), 2);
  check("between", clamp(3, 2, 4), 3);
  printf("1..%d\n", count);
  return failures > 0;
}
