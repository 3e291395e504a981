#include "base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t size, char *out) {
  const char *bytes = data;
  for (; size > 0; bytes += 3) {
    unsigned long group = (unsigned long)bytes[0] << 16;
    if (size > 1) group |= (unsigned long)bytes[1] << 8;
    if (size > 2) group |= (unsigned long)bytes[2];
    *out++ = alphabet[group >> 18 & 63];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = size > 1 ? alphabet[group >> 6 & 63] : '=';
    *out++ = size > 2 ? alphabet[group & 63] : '=';
    size -= size > 3 ? 3 : size;
  }
  *out = '\0';
}

long base64_decode(const char *text, void *out) {
  unsigned char *to = out;
  size_t length = strlen(text);
  if (length % 4 != 0) return -1;
  for (size_t i = 0; i < length; i += 4) {
    unsigned long group = 0;
    int padding = 0;
    for (size_t j = i; j < i + 4; j++) {
      const char *digit = strchr(alphabet, text[j]);
      if (text[j] == '=' && i + 4 == length && j >= i + 2)
        padding++;
      else if (digit == NULL || padding > 0)
        return -1;
      group = group << 6 | (text[j] == '=' ? 0 : (unsigned long)(digit - alphabet));
    }
    *to++ = (unsigned char)(group >> 16);
    if (padding < 2) *to++ = (unsigned char)(group >> 8);
    if (padding < 1) *to++ = (unsigned char)group;
  }
  return to - (unsigned char *)out;
}
