#include "strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

void sb_init(strbuf *sb) {
  sb->data = NULL;
  sb->len = sb->cap = 0;
}

void sb_free(strbuf *sb) {
  mem_free(sb->data);
  sb_init(sb);
}

static int reserve(strbuf *sb, size_t size) {
  size_t cap = sb->cap ? sb->cap : 16;
  while (cap < size) cap *= 2;
  if (cap == sb->cap) return 0;
  char *data = mem_resize(sb->data, cap);
  if (data == NULL) return -1;
  sb->data = data;
  sb->cap = cap;
  return 0;
}

int sb_append(strbuf *sb, const char *bytes, size_t count) {
  if (reserve(sb, sb->len + count + 1) < 0) return -1;
  memcpy(sb->data + sb->len, bytes, count);
  sb->len += count;
  sb->data[sb->len] = '\0';
  return 0;
}

int sb_puts(strbuf *sb, const char *text) { return sb_append(sb, text, strlen(text)); }

int sb_appendf(strbuf *sb, const char *format, ...) {
  va_list args;
  if (reserve(sb, sb->len + 1) < 0) return -1;
  size_t room = sb->cap - sb->len;
  va_start(args, format);
  int count = vsnprintf(sb->data + sb->len, room, format, args);
  va_end(args);
  if (count < 0) return -1;
  if ((size_t)count >= room) {
    if (reserve(sb, sb->len + (size_t)count + 1) < 0) return -1;
    va_start(args, format);
    vsnprintf(sb->data + sb->len, sb->cap - sb->len, format, args);
    va_end(args);
  }
  sb->len += (size_t)count;
  return 0;
}

int sb_replace(strbuf *sb, const char *old, const char *new) {
  strbuf result;
  int replaced = 0;
  if (sb->len == 0 || *old == '\0') return 0;
  sb_init(&result);
  const char *rest = sb->data;
  for (const char *hit; (hit = strstr(rest, old)) != NULL; rest = hit + strlen(old)) {
    if (sb_append(&result, rest, (size_t)(hit - rest)) < 0 || sb_puts(&result, new) < 0) {
      sb_free(&result);
      return -1;
    }
    replaced++;
  }
  if (sb_puts(&result, rest) < 0) {
    sb_free(&result);
    return -1;
  }
  sb_free(sb);
  *sb = result;
  return replaced;
}
