#include "ringbuf.h"
#include "tail.h"
#include "tap.h"

static char memory[8], out[65];
static ringbuf rb;

static void push_text(const char *text) {
  for (; *text; text++) rb_push(&rb, (unsigned char)*text);
}

static void keeps_the_newest_in_order(void) {
  rb_init(&rb, memory, 4);
  push_text("abcdef");
  out[rb_read(&rb, out, 4)] = '\0';
  CHECK_STR(out, "cdef");
}

static void oldest_is_peeked_first(void) {
  rb_init(&rb, memory, 4);
  push_text("12345");
  CHECK_INT(rb_peek(&rb, 0), '2');
  CHECK_INT(rb_peek(&rb, 3), '5');
}

static void a_buffer_of_two(void) {
  rb_init(&rb, memory, 2);
  push_text("xyz");
  out[rb_read(&rb, out, 2)] = '\0';
  CHECK_STR(out, "yz");
}

static void tail_of_a_long_text(void) {
  CHECK_INT(tail_of("the last word", 4, out), 4);
  CHECK_STR(out, "word");
}

static void tail_that_is_the_whole_text(void) {
  CHECK_INT(tail_of("abcd", 4, out), 4);
  CHECK_STR(out, "abcd");
}

static void tail_of_nothing(void) {
  CHECK_INT(tail_of("", 5, out), 0);
  CHECK_STR(out, "");
}

static void count_stays_at_the_capacity(void) {
  rb_init(&rb, memory, 3);
  push_text("abcdefgh");
  CHECK_INT(rb.count, 3);
  CHECK_INT(rb_peek(&rb, 3), -1);
}

int main(void) {
  RUN(keeps_the_newest_in_order);
  RUN(oldest_is_peeked_first);
  RUN(a_buffer_of_two);
  RUN(tail_of_a_long_text);
  RUN(tail_that_is_the_whole_text);
  RUN(tail_of_nothing);
  RUN(count_stays_at_the_capacity);
  return tap_done();
}
