#include "base64.h"
#include "tap.h"

static char out[64];

static const char *encoded(const char *text) {
  base64_encode(text, strlen(text), out);
  return out;
}

static void encodes_the_rfc_examples(void) {
  CHECK_STR(encoded(""), "");
  CHECK_STR(encoded("f"), "Zg==");
  CHECK_STR(encoded("fo"), "Zm8=");
  CHECK_STR(encoded("foobar"), "Zm9vYmFy");
}

static void encodes_accents(void) { CHECK_STR(encoded("caf\xc3\xa9"), "Y2Fmw6k="); }

static void decodes_the_rfc_examples(void) {
  CHECK_INT(base64_decode("Zm9vYg==", out), 4);
  CHECK(memcmp(out, "foob", 4) == 0);
  CHECK_INT(base64_decode("Zm9vYmFy", out), 6);
  CHECK(memcmp(out, "foobar", 6) == 0);
}

static void refuses_what_is_not_base64(void) {
  CHECK_INT(base64_decode("Zm9", out), -1);
  CHECK_INT(base64_decode("Zm9*", out), -1);
  CHECK_INT(base64_decode("Z===", out), -1);
}

int main(void) {
  RUN(encodes_the_rfc_examples);
  RUN(encodes_accents);
  RUN(decodes_the_rfc_examples);
  RUN(refuses_what_is_not_base64);
  return tap_done();
}
