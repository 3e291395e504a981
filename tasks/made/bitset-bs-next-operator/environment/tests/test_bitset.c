#include "bitset.h"
#include "tap.h"

static bitset set;

static void adds_and_removes(void) {
  bs_clear(&set);
  bs_add(&set, 5);
  CHECK(bs_has(&set, 5));
  bs_remove(&set, 5);
  CHECK(!bs_has(&set, 5));
}

static void counts(void) {
  bs_clear(&set);
  bs_add(&set, 0);
  bs_add(&set, 7);
  bs_add(&set, 7);
  bs_add(&set, 130);
  CHECK_INT(bs_count(&set), 3);
}

static void adding_40_adds_nothing_else(void) {
  bs_clear(&set);
  bs_add(&set, 40);
  CHECK(bs_has(&set, 40));
  CHECK(!bs_has(&set, 8));
  CHECK_INT(bs_count(&set), 1);
}

static void finds_the_next(void) {
  bs_clear(&set);
  bs_add(&set, 3);
  bs_add(&set, 70);
  CHECK_INT(bs_next(&set, 0), 3);
  CHECK_INT(bs_next(&set, 4), 70);
  CHECK_INT(bs_next(&set, 71), -1);
}

int main(void) {
  RUN(adds_and_removes);
  RUN(counts);
  RUN(adding_40_adds_nothing_else);
  RUN(finds_the_next);
  return tap_done();
}
