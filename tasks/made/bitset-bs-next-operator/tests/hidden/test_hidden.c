#include "bitset.h"
#include "tap.h"

static bitset set;

static void number_31_stands_alone(void) {
  bs_clear(&set);
  bs_add(&set, 31);
  CHECK_INT(bs_count(&set), 1);
  CHECK(!bs_has(&set, 32));
}

static void number_63_is_not_31(void) {
  bs_clear(&set);
  bs_add(&set, 63);
  CHECK(!bs_has(&set, 31));
  CHECK_INT(bs_next(&set, 0), 63);
}

static void removing_200_keeps_232(void) {
  bs_clear(&set);
  bs_add(&set, 200);
  bs_add(&set, 232);
  bs_remove(&set, 200);
  CHECK(!bs_has(&set, 200));
  CHECK(bs_has(&set, 232));
}

static void all_numbers(void) {
  bs_clear(&set);
  for (unsigned i = 0; i < BITSET_SIZE; i++) {
    CHECK(!bs_has(&set, i));
    bs_add(&set, i);
    CHECK_INT(bs_count(&set), i + 1);
  }
}

static void low_numbers(void) {
  bs_clear(&set);
  for (unsigned i = 0; i < 30; i += 3) bs_add(&set, i);
  CHECK_INT(bs_count(&set), 10);
  CHECK_INT(bs_next(&set, 4), 6);
}

static void words_are_apart(void) {
  bs_clear(&set);
  bs_add(&set, 1);
  CHECK(!bs_has(&set, 65));
  CHECK(!bs_has(&set, 129));
  CHECK_INT(bs_next(&set, 2), -1);
}

int main(void) {
  RUN(number_31_stands_alone);
  RUN(number_63_is_not_31);
  RUN(removing_200_keeps_232);
  RUN(all_numbers);
  RUN(low_numbers);
  RUN(words_are_apart);
  return tap_done();
}
