#include "numlist.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const char *skip_space(const char *text) {
  while (isspace((unsigned char)*text)) text++;
  return text;
}

int numlist_read(const char *text, long *numbers, size_t room) {
  size_t count = 0;
  text = skip_space(text);
  if (*text == '\0') return 0;
  for (;;) {
    char *end;
    if (count == room) return -1;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || errno == ERANGE) return -1;
    numbers[count++] = number;
    text = skip_space(end);
    if (*text == '\0') return (int)count;
    if (*text != ',') return -1;
    text++;
  }
}
