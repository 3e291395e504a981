#include "hash.h"
#include "hashtab.h"
#include "tap.h"

static hashtab table;

static int value_of(const char *key) {
  int value;
  return ht_get(&table, key, &value) ? value : -1;
}

/* Fills `names` with keys that all begin their search at the same slot of eight. */
static void colliding(char names[][8], int count) {
  for (int i = 0, n = 0; n < count; i++) {
    char name[8];
    snprintf(name, sizeof name, "k%d", i);
    if ((hash_string(name) & 7) == 2) strcpy(names[n++], name);
  }
}

static void second_of_two_survives(void) {
  char names[2][8];
  colliding(names, 2);
  ht_init(&table);
  ht_set(&table, names[0], 10);
  ht_set(&table, names[1], 20);
  ht_delete(&table, names[0]);
  CHECK_INT(value_of(names[1]), 20);
}

static void last_of_four_survives_two_deletions(void) {
  char names[4][8];
  colliding(names, 4);
  ht_init(&table);
  for (int i = 0; i < 4; i++) ht_set(&table, names[i], i);
  ht_delete(&table, names[1]);
  ht_delete(&table, names[2]);
  CHECK_INT(value_of(names[0]), 0);
  CHECK_INT(value_of(names[3]), 3);
}

static void no_key_is_stored_twice(void) {
  char names[2][8];
  colliding(names, 2);
  ht_init(&table);
  ht_set(&table, names[0], 1);
  ht_set(&table, names[1], 2);
  ht_delete(&table, names[0]);
  ht_set(&table, names[1], 3);
  CHECK_INT(table.count, 1);
}

static void the_last_of_a_chain_can_go(void) {
  char names[3][8];
  colliding(names, 3);
  ht_init(&table);
  for (int i = 0; i < 3; i++) ht_set(&table, names[i], i);
  ht_delete(&table, names[2]);
  CHECK_INT(value_of(names[1]), 1);
  CHECK_INT(value_of(names[2]), -1);
}

static void a_key_can_come_back(void) {
  ht_init(&table);
  ht_set(&table, "a", 1);
  ht_delete(&table, "a");
  ht_set(&table, "a", 2);
  CHECK_INT(value_of("a"), 2);
  CHECK_INT(table.count, 1);
}

static void many_keys_survive_growth(void) {
  static char names[200][8];
  ht_init(&table);
  for (int i = 0; i < 200; i++) {
    snprintf(names[i], sizeof names[i], "n%d", i);
    ht_set(&table, names[i], i);
  }
  for (int i = 0; i < 200; i++) CHECK_INT(value_of(names[i]), i);
  CHECK_INT(table.count, 200);
}

int main(void) {
  RUN(second_of_two_survives);
  RUN(last_of_four_survives_two_deletions);
  RUN(no_key_is_stored_twice);
  RUN(the_last_of_a_chain_can_go);
  RUN(a_key_can_come_back);
  RUN(many_keys_survive_growth);
  return tap_done();
}
