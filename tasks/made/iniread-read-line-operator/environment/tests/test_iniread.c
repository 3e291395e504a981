#include <fcntl.h>

#include "ini.h"
#include "tap.h"

static char seen[256];

static int note(void *context, const char *section, const char *key, const char *value) {
  (void)context;
  size_t used = strlen(seen);
  snprintf(seen + used, sizeof seen - used, "%s.%s=%s;", section, key, value);
  return 0;
}

static int read_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
  return ini_read(path, note, NULL);
}

/* The number that the next opened file would get. */
static int next_descriptor(void) {
  int fd = open("/dev/null", O_RDONLY);
  close(fd);
  return fd;
}

static void reads_sections_and_pairs(void) {
  CHECK_INT(read_text("build/a.ini", "x=1\n[net]\nhost = local host\nport=80\n"), 0);
  CHECK_STR(seen, ".x=1;net.host=local host;net.port=80;");
}

static void skips_comments(void) {
  CHECK_INT(read_text("build/b.ini", "; one\n# two\n\n a = b \n"), 0);
  CHECK_STR(seen, ".a=b;");
}

static void names_the_bad_line(void) {
  CHECK_INT(read_text("build/c.ini", "a=1\nnonsense\nb=2\n"), 2);
  CHECK_STR(seen, ".a=1;");
}

static void says_when_there_is_no_file(void) {
  CHECK_INT(ini_read("build/none.ini", note, NULL), -1);
}

static void a_bad_file_is_closed_too(void) {
  int before = next_descriptor();
  for (int i = 0; i < 3; i++) read_text("build/d.ini", "[broken\n");
  CHECK_INT(next_descriptor(), before);
}

int main(void) {
  RUN(reads_sections_and_pairs);
  RUN(skips_comments);
  RUN(names_the_bad_line);
  RUN(says_when_there_is_no_file);
  RUN(a_bad_file_is_closed_too);
  return tap_done();
}
