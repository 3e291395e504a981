#include "hashtab.h"
#include "tap.h"

static hashtab table;

static int value_of(const char *key) {
  int value;
  return ht_get(&table, key, &value) ? value : -1;
}

static void finds_what_was_set(void) {
  ht_init(&table);
  ht_set(&table, "one", 1);
  ht_set(&table, "two", 2);
  CHECK_INT(value_of("one"), 1);
  CHECK_INT(value_of("two"), 2);
  CHECK_INT(value_of("three"), -1);
  ht_free(&table);
}

static void setting_again_replaces(void) {
  ht_init(&table);
  ht_set(&table, "k", 1);
  ht_set(&table, "k", 7);
  CHECK_INT(value_of("k"), 7);
  CHECK_INT(table.count, 1);
  ht_free(&table);
}

static void deleted_key_is_gone(void) {
  ht_init(&table);
  ht_set(&table, "k", 1);
  CHECK_INT(ht_delete(&table, "k"), 1);
  CHECK_INT(ht_delete(&table, "k"), 0);
  CHECK_INT(value_of("k"), -1);
  ht_free(&table);
}

static void others_survive_a_deletion(void) {
  static const char *keys[] = {"red", "green", "blue", "white", "black", "grey"};
  for (int gone = 0; gone < 6; gone++) {
    ht_init(&table);
    for (int i = 0; i < 6; i++) ht_set(&table, keys[i], i);
    ht_delete(&table, keys[gone]);
    for (int i = 0; i < 6; i++) {
      int expected = i == gone ? -1 : i;
      if (value_of(keys[i]) != expected)
        printf("# deleted \"%s\", then looked for \"%s\"\n", keys[gone], keys[i]);
      CHECK_INT(value_of(keys[i]), expected);
    }
    ht_free(&table);
  }
}

int main(void) {
  RUN(finds_what_was_set);
  RUN(setting_again_replaces);
  RUN(deleted_key_is_gone);
  RUN(others_survive_a_deletion);
  return tap_done();
}
