#include "base64.h"
#include "tap.h"

static char out[512];

static void second_byte_is_high(void) {
  base64_encode("a\xff", 2, out);
  CHECK_STR(out, "Yf8=");
}

static void third_byte_is_high(void) {
  base64_encode("ab\x80", 3, out);
  CHECK_STR(out, "YWKA");
}

static void euro_sign(void) {
  base64_encode("\xe2\x82\xac 5", 5, out);
  CHECK_STR(out, "4oKsIDU=");
}

static void every_byte_comes_back(void) {
  unsigned char bytes[256], back[260];
  for (int i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
  base64_encode(bytes, 256, out);
  CHECK_INT(strlen(out), 344);
  CHECK_INT(base64_decode(out, back), 256);
  for (int i = 0; i < 256; i++) CHECK_INT(back[i], i);
}

static void zero_bytes(void) {
  base64_encode("\0\0\0\0", 4, out);
  CHECK_STR(out, "AAAAAA==");
}

static void one_high_byte_alone(void) {
  base64_encode("\xfe", 1, out);
  CHECK_STR(out, "/g==");
}

static void decodes_high_bytes(void) {
  CHECK_INT(base64_decode("/+6A", out), 3);
  CHECK(memcmp(out, "\xff\xee\x80", 3) == 0);
}

static void refuses_padding_inside(void) { CHECK_INT(base64_decode("Zg==Zg==", out), -1); }

int main(void) {
  RUN(second_byte_is_high);
  RUN(third_byte_is_high);
  RUN(euro_sign);
  RUN(every_byte_comes_back);
  RUN(zero_bytes);
  RUN(one_high_byte_alone);
  RUN(decodes_high_bytes);
  RUN(refuses_padding_inside);
  return tap_done();
}
