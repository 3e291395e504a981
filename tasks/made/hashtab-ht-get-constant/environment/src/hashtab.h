#ifndef HASHTAB_H
#define HASHTAB_H

#include <stddef.h>

typedef struct {
  const char *key; /* NULL: never used */
  int value;
} ht_slot;

typedef struct {
  ht_slot *slots;
  size_t capacity; /* a power of two */
  size_t used;     /* slots that are not empty, deleted ones included */
  size_t count;    /* keys in the table */
} hashtab;

int ht_init(hashtab *table);
void ht_free(hashtab *table);

/* 0, or -1 if there is no memory. */
int ht_set(hashtab *table, const char *key, int value);

/* 1 and the value, or 0 if the key is not there. */
int ht_get(const hashtab *table, const char *key, int *value);

/* 1 if the key was there. */
int ht_delete(hashtab *table, const char *key);

#endif
