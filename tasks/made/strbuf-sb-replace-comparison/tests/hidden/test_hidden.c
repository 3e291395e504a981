#include "strbuf.h"
#include "tap.h"

static strbuf sb;

static void fills_the_first_block(void) {
  sb_init(&sb);
  sb_appendf(&sb, "%016d", 7);
  CHECK_INT(sb.len, 16);
  CHECK_STR(sb.data, "0000000000000007");
}

static void fills_a_later_block(void) {
  sb_init(&sb);
  sb_puts(&sb, "0123456789012345678901234");
  sb_appendf(&sb, "%s", "ABCDEFG");
  CHECK_STR(sb.data, "0123456789012345678901234ABCDEFG");
}

static void every_length_is_whole(void) {
  for (int width = 1; width <= 70; width++) {
    sb_init(&sb);
    sb_appendf(&sb, "%*d", width, 9);
    CHECK_INT(strlen(sb.data), width);
    CHECK_INT(sb.data[width - 1], '9');
    sb_free(&sb);
  }
}

static void text_can_follow(void) {
  sb_init(&sb);
  sb_appendf(&sb, "%s %s", "sixteen", "letters!");
  sb_puts(&sb, "?");
  CHECK_INT(strlen(sb.data), sb.len);
  CHECK_STR(sb.data, "sixteen letters!?");
}

static void one_less_than_the_block(void) {
  sb_init(&sb);
  sb_appendf(&sb, "%015d", 3);
  CHECK_STR(sb.data, "000000000000003");
}

static void far_longer_than_the_block(void) {
  sb_init(&sb);
  sb_appendf(&sb, "%0100d|%d", 1, 2);
  CHECK_INT(sb.len, 102);
  CHECK_STR(sb.data + 99, "1|2");
}

static void nothing_at_all(void) {
  sb_init(&sb);
  sb_appendf(&sb, "%s", "");
  CHECK_STR(sb.data, "");
}

int main(void) {
  RUN(fills_the_first_block);
  RUN(fills_a_later_block);
  RUN(every_length_is_whole);
  RUN(text_can_follow);
  RUN(one_less_than_the_block);
  RUN(far_longer_than_the_block);
  RUN(nothing_at_all);
  return tap_done();
}
