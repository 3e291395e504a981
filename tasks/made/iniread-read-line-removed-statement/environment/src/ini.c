#include "ini.h"

#include <stdio.h>
#include <string.h>

#include "trim.h"

/* 0 if the line is good; `section` is replaced by a heading. */
static int read_line(char *line, char *section, size_t room, ini_handler handler, void *context) {
  line = trim(line);
  if (*line == '[') {
    char *end = strchr(line, ']');
    if (end == NULL || end[1] != '\0') return -1;
    *end = '\0';
    snprintf(section, room, "%s", trim(line + 1));
    return 0;
  }
  char *equals = strchr(line, '=');
  if (equals == NULL) return -1;
  *equals = '\0';
  char *key = trim(line);
  if (*key == '\0') return -1;
  return handler(context, section, key, trim(equals + 1));
}

int ini_read(const char *path, ini_handler handler, void *context) {
  char line[256], section[256] = "";
  int number = 0;
  FILE *file = fopen(path, "r");
  if (file == NULL) return -1;
  while (fgets(line, sizeof line, file) != NULL) {
    number++;
    if (read_line(line, section, sizeof section, handler, context) != 0) {
      fclose(file);
      return number;
    }
  }
  fclose(file);
  return 0;
}
