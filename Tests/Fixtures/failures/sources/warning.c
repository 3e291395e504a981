int size(const char *text) {
  int length;
  return text[0] ? 1 : length;
}
int main(void) { unsigned n = 1; return n < -1 ? size("") : 0; }
