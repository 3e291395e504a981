#include "ringbuf.h"
#include "tap.h"

static char memory[16], out[17];
static ringbuf rb;

static const char *take(size_t count) {
  out[rb_read(&rb, out, count)] = '\0';
  return out;
}

static void wraps_after_one_byte(void) {
  rb_init(&rb, memory, 4);
  rb_write(&rb, "abc", 3);
  take(3);
  rb_write(&rb, "WXYZ", 4);
  CHECK_STR(take(4), "WXYZ");
}

static void wraps_while_bytes_wait(void) {
  rb_init(&rb, memory, 8);
  rb_write(&rb, "......ab", 8);
  take(6);
  rb_write(&rb, "cdef", 4);
  take(4);
  rb_write(&rb, "ghijkl", 6);
  CHECK_STR(take(8), "efghijkl");
}

static void a_long_stream_comes_through(void) {
  unsigned char in[3], back[3];
  int next_in = 0, next_out = 0;
  rb_init(&rb, memory, 7);
  for (int round = 0; round < 60; round++) {
    for (int i = 0; i < 3; i++) in[i] = (unsigned char)next_in++;
    CHECK_INT(rb_write(&rb, in, 3), 3);
    CHECK_INT(rb_read(&rb, back, 3), 3);
    for (int i = 0; i < 3; i++) CHECK_INT(back[i], next_out++);
  }
}

static void peek_sees_the_wrapped_bytes(void) {
  rb_init(&rb, memory, 5);
  rb_write(&rb, "1234", 4);
  take(4);
  rb_write(&rb, "pqr", 3);
  CHECK_INT(rb_peek(&rb, 0), 'p');
  CHECK_INT(rb_peek(&rb, 1), 'q');
  CHECK_INT(rb_peek(&rb, 2), 'r');
}

static void no_wrap_when_it_just_fits(void) {
  rb_init(&rb, memory, 6);
  rb_write(&rb, "ab", 2);
  take(2);
  rb_write(&rb, "cdef", 4);
  CHECK_STR(take(6), "cdef");
}

static void nothing_is_written_when_full(void) {
  rb_init(&rb, memory, 2);
  rb_write(&rb, "ab", 2);
  CHECK_INT(rb_write(&rb, "c", 1), 0);
  CHECK_STR(take(2), "ab");
}

static void pushed_bytes_wrap_too(void) {
  rb_init(&rb, memory, 3);
  for (const char *c = "abcde"; *c; c++) rb_push(&rb, (unsigned char)*c);
  CHECK_STR(take(3), "cde");
}

int main(void) {
  RUN(wraps_after_one_byte);
  RUN(wraps_while_bytes_wait);
  RUN(a_long_stream_comes_through);
  RUN(peek_sees_the_wrapped_bytes);
  RUN(no_wrap_when_it_just_fits);
  RUN(nothing_is_written_when_full);
  RUN(pushed_bytes_wrap_too);
  return tap_done();
}
