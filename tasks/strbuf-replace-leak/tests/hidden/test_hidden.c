#include "mem.h"
#include "strbuf.h"
#include "tap.h"

static strbuf sb;

static void repeated_replacements_need_one_block(void) {
  sb_init(&sb);
  sb_puts(&sb, "x");
  for (int i = 0; i < 5; i++) sb_replace(&sb, "x", "xx");
  CHECK_INT(sb.len, 32);
  CHECK_INT(mem_live(), 1);
}

static void nothing_found_leaks_nothing(void) {
  sb_init(&sb);
  sb_puts(&sb, "plain");
  CHECK_INT(sb_replace(&sb, "z", "y"), 0);
  sb_free(&sb);
  CHECK_INT(mem_live(), 0);
}

static void removing_leaks_nothing(void) {
  sb_init(&sb);
  sb_puts(&sb, "a,b,c");
  CHECK_INT(sb_replace(&sb, ",", ""), 2);
  sb_free(&sb);
  CHECK_INT(mem_live(), 0);
}

static void text_is_right_afterwards(void) {
  sb_init(&sb);
  sb_puts(&sb, "to be or not to be");
  CHECK_INT(sb_replace(&sb, "be", "sleep"), 2);
  CHECK_STR(sb.data, "to sleep or not to sleep");
  CHECK_INT(sb.len, 24);
}

static void text_can_be_appended_afterwards(void) {
  sb_init(&sb);
  sb_puts(&sb, "ab");
  sb_replace(&sb, "b", "c");
  sb_appendf(&sb, "-%d", 1);
  CHECK_STR(sb.data, "ac-1");
}

static void an_empty_buffer_stays_empty(void) {
  sb_init(&sb);
  CHECK_INT(sb_replace(&sb, "a", "b"), 0);
  CHECK_INT(mem_live(), 0);
}

int main(void) {
  RUN(repeated_replacements_need_one_block);
  RUN(nothing_found_leaks_nothing);
  RUN(removing_leaks_nothing);
  RUN(text_is_right_afterwards);
  RUN(text_can_be_appended_afterwards);
  RUN(an_empty_buffer_stays_empty);
  return tap_done();
}
