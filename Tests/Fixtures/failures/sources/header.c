#include "ringbuf.h"
int main(void) { return 0; }
