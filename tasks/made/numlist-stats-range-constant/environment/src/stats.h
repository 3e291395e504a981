#ifndef STATS_H
#define STATS_H

/* Each puts its result for the list in `text` into `result` and returns 0, or returns -1 if the
   list cannot be read or is empty. Lists have at most 32 numbers. */
int stats_max(const char *text, long *result);
int stats_range(const char *text, long *result);

#endif
