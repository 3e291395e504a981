#include <fcntl.h>

#include "ini.h"
#include "tap.h"

static int pairs;

static int count_pair(void *context, const char *section, const char *key, const char *value) {
  (void)context, (void)section, (void)key, (void)value;
  pairs++;
  return 0;
}

static int refuse(void *context, const char *section, const char *key, const char *value) {
  (void)context, (void)section, (void)value;
  return strcmp(key, "forbidden") == 0;
}

static int read_text(const char *path, const char *text, ini_handler handler) {
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
  return ini_read(path, handler, NULL);
}

static int next_descriptor(void) {
  int fd = open("/dev/null", O_RDONLY);
  close(fd);
  return fd;
}

static void no_descriptor_is_lost_without_a_key(void) {
  int before = next_descriptor();
  CHECK_INT(read_text("build/h1.ini", "a=1\n = 2\n", count_pair), 2);
  CHECK_INT(next_descriptor(), before);
}

static void no_descriptor_is_lost_when_refused(void) {
  int before = next_descriptor();
  CHECK_INT(read_text("build/h2.ini", "a=1\n\nforbidden=1\nb=2\n", refuse), 3);
  CHECK_INT(next_descriptor(), before);
}

static void two_thousand_bad_files(void) {
  int before = next_descriptor();
  CHECK_INT(read_text("build/h3.ini", "oops\n", count_pair), 1);
  for (int i = 0; i < 2000; i++) CHECK_INT(ini_read("build/h3.ini", count_pair, NULL), 1);
  CHECK_INT(next_descriptor(), before);
}

static void good_files_are_closed(void) {
  int before = next_descriptor();
  CHECK_INT(read_text("build/h4.ini", "[s]\na=1\n", count_pair), 0);
  CHECK_INT(next_descriptor(), before);
}

static void reading_stops_at_the_bad_line(void) {
  CHECK_INT(read_text("build/h5.ini", "a=1\nb=2\n[x\nc=3\n", count_pair), 3);
  CHECK_INT(pairs, 2);
}

static void a_missing_file_is_told_apart(void) {
  CHECK_INT(ini_read("build/h6/none.ini", count_pair, NULL), -1);
}

int main(void) {
  RUN(no_descriptor_is_lost_without_a_key);
  RUN(no_descriptor_is_lost_when_refused);
  RUN(two_thousand_bad_files);
  RUN(good_files_are_closed);
  RUN(reading_stops_at_the_bad_line);
  RUN(a_missing_file_is_told_apart);
  return tap_done();
}
