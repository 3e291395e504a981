#include <limits.h>

#include "numlist.h"
#include "stats.h"
#include "tap.h"

static long n[4], result = 5;

static void refuses_far_too_small(void) {
  CHECK_INT(numlist_read("-123456789012345678901234567890", n, 4), -1);
}

static void refuses_one_more_than_the_biggest(void) {
  char text[64];
  snprintf(text, sizeof text, "%lu", (unsigned long)LONG_MAX + 1);
  CHECK_INT(numlist_read(text, n, 4), -1);
}

static void stats_refuse_it_too(void) {
  CHECK_INT(stats_max("1, 99999999999999999999999, 3", &result), -1);
  CHECK_INT(stats_range("77777777777777777777777,1", &result), -1);
}

static void reads_the_biggest_and_the_smallest(void) {
  char text[64];
  snprintf(text, sizeof text, "%ld,%ld", LONG_MIN, LONG_MAX);
  CHECK_INT(numlist_read(text, n, 4), 2);
  CHECK(n[0] == LONG_MIN && n[1] == LONG_MAX);
}

static void a_refused_list_does_not_spoil_the_next(void) {
  numlist_read("1,x", n, 4);
  CHECK_INT(numlist_read("8, 9", n, 4), 2);
  CHECK_INT(n[1], 9);
}

static void refuses_more_than_there_is_room_for(void) {
  CHECK_INT(numlist_read("1,2,3,4", n, 4), 4);
  CHECK_INT(numlist_read("1,2,3,4,5", n, 4), -1);
}

int main(void) {
  RUN(refuses_far_too_small);
  RUN(refuses_one_more_than_the_biggest);
  RUN(stats_refuse_it_too);
  RUN(reads_the_biggest_and_the_smallest);
  RUN(a_refused_list_does_not_spoil_the_next);
  RUN(refuses_more_than_there_is_room_for);
  return tap_done();
}
