#ifndef INI_H
#define INI_H

/* Called for each pair; anything but 0 stops the reading. */
typedef int (*ini_handler)(void *context, const char *section, const char *key, const char *value);

/* Returns 0, or -1 if the file cannot be opened, or the number of the first line that is
   malformed or that the handler refused. */
int ini_read(const char *path, ini_handler handler, void *context);

#endif
