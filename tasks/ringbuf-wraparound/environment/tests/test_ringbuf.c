#include "ringbuf.h"
#include "tail.h"
#include "tap.h"

static char memory[8];
static ringbuf rb;

static void read_text(char *out, size_t count) { out[rb_read(&rb, out, count)] = '\0'; }

static void comes_out_in_order(void) {
  char out[9];
  rb_init(&rb, memory, 8);
  CHECK_INT(rb_write(&rb, "abc", 3), 3);
  CHECK_INT(rb_write(&rb, "de", 2), 2);
  read_text(out, 8);
  CHECK_STR(out, "abcde");
}

static void takes_only_what_fits(void) {
  rb_init(&rb, memory, 8);
  CHECK_INT(rb_write(&rb, "0123456789", 10), 8);
  CHECK_INT(rb_write(&rb, "x", 1), 0);
}

static void peeks_from_the_oldest(void) {
  rb_init(&rb, memory, 8);
  rb_write(&rb, "xy", 2);
  CHECK_INT(rb_peek(&rb, 1), 'y');
  CHECK_INT(rb_peek(&rb, 2), -1);
}

static void writes_past_the_end_of_memory(void) {
  char out[9];
  rb_init(&rb, memory, 8);
  rb_write(&rb, "123456", 6);
  read_text(out, 6);
  rb_write(&rb, "abcde", 5);
  read_text(out, 8);
  CHECK_STR(out, "abcde");
}

static void push_into_a_full_buffer_drops_the_oldest(void) {
  char out[4];
  rb_init(&rb, memory, 3);
  for (const char *c = "abcd"; *c; c++) rb_push(&rb, (unsigned char)*c);
  read_text(out, 3);
  CHECK_STR(out, "bcd");
}

static void tail_of_a_short_text_is_all_of_it(void) {
  char out[17];
  CHECK_INT(tail_of("hello", 16, out), 5);
  CHECK_STR(out, "hello");
}

int main(void) {
  RUN(comes_out_in_order);
  RUN(takes_only_what_fits);
  RUN(peeks_from_the_oldest);
  RUN(writes_past_the_end_of_memory);
  RUN(push_into_a_full_buffer_drops_the_oldest);
  RUN(tail_of_a_short_text_is_all_of_it);
  return tap_done();
}
