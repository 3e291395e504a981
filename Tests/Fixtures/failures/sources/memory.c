#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int get(const int *values, int index) {
  return values[index];
}

static int *make(int count) {
  return calloc(count, sizeof(int));
}

static int overflow(int n) {
  return n * 65536;
}

int main(int argc, char **argv) {
  int *values = make(4);
  const char *mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "overflow") == 0) return get(values, 4);
  if (strcmp(mode, "freed") == 0) {
    free(values);
    return get(values, 1);
  }
  if (strcmp(mode, "null") == 0) return get(NULL, 0);
  if (strcmp(mode, "leak") == 0) values = NULL;
  if (strcmp(mode, "undefined") == 0) return overflow(65536) == 1;
  if (strcmp(mode, "assert") == 0) assert(get(values, 0) > 0);
  if (strcmp(mode, "loop") == 0)
    for (volatile int i = 0;;) i = 1;
  if (strcmp(mode, "abort") == 0) abort();
  free(values);
  return strcmp(mode, "status") == 0 ? 3 : 0;
}
