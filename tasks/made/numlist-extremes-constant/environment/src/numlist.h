#ifndef NUMLIST_H
#define NUMLIST_H

#include <stddef.h>

/* Reads numbers with commas between them, up to `room` of them, into `numbers`.
   Returns how many, or -1 if the list is malformed, too long, or has a number out of range. */
int numlist_read(const char *text, long *numbers, size_t room);

#endif
