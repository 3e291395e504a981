#include "hashtab.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

static const char DELETED[] = "";

int ht_init(hashtab *table) {
  table->capacity = 8;
  table->used = table->count = 0;
  table->slots = calloc(table->capacity, sizeof *table->slots);
  return table->slots == NULL ? -1 : 0;
}

void ht_free(hashtab *table) {
  free(table->slots);
  table->slots = NULL;
  table->capacity = table->used = table->count = 0;
}

/* The slot with `key`, or the empty one where the search ends. */
static ht_slot *find(const hashtab *table, const char *key) {
  size_t i = hash_string(key) & (table->capacity - 1);
  for (;; i = (i + 1) & (table->capacity - 1)) {
    ht_slot *slot = &table->slots[i];
    if (slot->key == NULL) return slot;
    if (slot->key != DELETED && strcmp(slot->key, key) == 0) return slot;
  }
}

static int grow(hashtab *table) {
  hashtab bigger = {.capacity = table->capacity * 2};
  bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
  if (bigger.slots == NULL) return -1;
  for (size_t i = 0; i < table->capacity; i++) {
    ht_slot *slot = &table->slots[i];
    if (slot->key == NULL || slot->key == DELETED) continue;
    *find(&bigger, slot->key) = *slot;
    bigger.used++;
    bigger.count++;
  }
  free(table->slots);
  *table = bigger;
  return 0;
}

int ht_set(hashtab *table, const char *key, int value) {
  if (4 * (table->used + 1) > 3 * table->capacity && grow(table) < 0) return -1;
  ht_slot *slot = find(table, key);
  if (slot->key == NULL) {
    slot->key = key;
    table->used++;
    table->count++;
  }
  slot->value = value;
  return 0;
}

int ht_get(const hashtab *table, const char *key, int *value) {
  ht_slot *slot = find(table, key);
  if (slot->key == NULL) return 0;
  *value = slot->value;
  return 1;
}

int ht_delete(hashtab *table, const char *key) {
  ht_slot *slot = find(table, key);
  if (slot->key == NULL) return 1;
  slot->key = DELETED;
  table->count--;
  return 1;
}
