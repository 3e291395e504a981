#include <stdio.h>

#include "clamp.h"

int main(void) {
  int low = clamp(1, 2, 4) == 2;
  printf("%s 1 - visible_low\n", low ? "ok" : "not ok");
  printf("1..1\n");
  return !low;
}
