/* Prints what our own tasks' harness in C prints. */
#include <stdio.h>

int main(void) {
  puts("ok 1 - within");
  puts("# t.c:7: clamp(9, 2, 4) is 2, expected 4");
  puts("not ok 2 - too high");
  puts("# t.c:9: join(\", \", names) is \"a,b\", expected \"a, b\"");
  puts("not ok 3 - joins");
  puts("# t.c:12: not true: is_sorted(list)");
  puts("not ok 4 - sorted");
  puts("# crashed by signal 11");
  puts("not ok 5 - crashes");
  puts("1..5");
  return 1;
}
