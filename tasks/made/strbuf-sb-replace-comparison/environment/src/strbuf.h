#ifndef STRBUF_H
#define STRBUF_H

#include <stddef.h>

typedef struct {
  char *data;
  size_t len; /* without the NUL at the end */
  size_t cap; /* with it */
} strbuf;

void sb_init(strbuf *sb);
void sb_free(strbuf *sb);

/* These return 0, or -1 if there is no memory. */
int sb_append(strbuf *sb, const char *bytes, size_t count);
int sb_puts(strbuf *sb, const char *text);
int sb_appendf(strbuf *sb, const char *format, ...);

/* Replaces every `old` by `new`; returns how many there were, or -1 if there is no memory. */
int sb_replace(strbuf *sb, const char *old, const char *new);

#endif
