#include "mem.h"
#include "strbuf.h"
#include "tap.h"

static void starts_empty(void) {
  strbuf sb;
  sb_init(&sb);
  CHECK_INT(sb.len, 0);
  sb_free(&sb);
  CHECK_INT(mem_live(), 0);
}

static void puts_grows(void) {
  strbuf sb;
  sb_init(&sb);
  for (int i = 0; i < 10; i++) sb_puts(&sb, "abcde");
  CHECK_INT(sb.len, 50);
  CHECK_INT(strlen(sb.data), 50);
  sb_free(&sb);
}

static void appendf_formats(void) {
  strbuf sb;
  sb_init(&sb);
  sb_appendf(&sb, "%d + %d", 2, 3);
  sb_appendf(&sb, " = %d", 5);
  CHECK_STR(sb.data, "2 + 3 = 5");
  sb_free(&sb);
}

static void appendf_keeps_the_last_character(void) {
  strbuf sb;
  sb_init(&sb);
  sb_puts(&sb, "id=");
  sb_appendf(&sb, "%s;", "abcdefghijkl");
  CHECK_STR(sb.data, "id=abcdefghijkl;");
  sb_free(&sb);
}

static void replace_changes_all(void) {
  strbuf sb;
  sb_init(&sb);
  sb_puts(&sb, "a-b-c");
  CHECK_INT(sb_replace(&sb, "-", " to "), 2);
  CHECK_STR(sb.data, "a to b to c");
  sb_free(&sb);
}

static void replace_frees_what_it_replaces(void) {
  strbuf sb;
  sb_init(&sb);
  sb_puts(&sb, "one two");
  sb_replace(&sb, "one", "three");
  sb_free(&sb);
  CHECK_INT(mem_live(), 0);
}

int main(void) {
  RUN(starts_empty);
  RUN(puts_grows);
  RUN(appendf_formats);
  RUN(appendf_keeps_the_last_character);
  RUN(replace_changes_all);
  RUN(replace_frees_what_it_replaces);
  return tap_done();
}
