#include "numlist.h"
#include "stats.h"
#include "tap.h"

static long n[4], result;

static void reads_numbers(void) {
  CHECK_INT(numlist_read("3, -1,20", n, 4), 3);
  CHECK_INT(n[0], 3);
  CHECK_INT(n[1], -1);
  CHECK_INT(n[2], 20);
}

static void an_empty_list_has_none(void) { CHECK_INT(numlist_read("  ", n, 4), 0); }

static void refuses_words_and_gaps(void) {
  CHECK_INT(numlist_read("1,two", n, 4), -1);
  CHECK_INT(numlist_read("1,,2", n, 4), -1);
  CHECK_INT(numlist_read("1 2", n, 4), -1);
}

static void refuses_a_number_that_is_too_big(void) {
  CHECK_INT(numlist_read("1,99999999999999999999", n, 4), -1);
}

static void max_and_range(void) {
  CHECK_INT(stats_max("4,9,-2", &result), 0);
  CHECK_INT(result, 9);
  CHECK_INT(stats_range("4,9,-2", &result), 0);
  CHECK_INT(result, 11);
}

int main(void) {
  RUN(reads_numbers);
  RUN(an_empty_list_has_none);
  RUN(refuses_words_and_gaps);
  RUN(refuses_a_number_that_is_too_big);
  RUN(max_and_range);
  return tap_done();
}
