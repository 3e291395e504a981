#!/usr/bin/env bash
# The C kernels on their own: plain, under the address and undefined-behaviour sanitizers, and, in
# plain C (it doesn't know AVX-512's bf16), under valgrind where that is installed.
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-clang}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
kernels="Sources/CKernels/attention*.c Sources/CKernels/kvpage.c Sources/CKernels/elementwise.c
  Sources/CKernels/bf16.c Sources/CKernels/quantized*.c"
tests="attention elementwise bf16 quantized"

build() { # name, flags…
  for test in $tests; do
    # shellcheck disable=SC2086
    $CC -gdwarf-4 -fuse-ld=lld -Wall -Wextra -Werror -I Sources/CKernels/include "${@:2}" $kernels \
      "Tests/CKernels/${test}_test.c" -lm -o "$out/$test-$1"
  done
}

run() { # name, command…
  for test in $tests; do
    printf '%s, %s: ' "$test" "$1"
    "${@:2}" "$out/$test-$1" >"$out/log" 2>&1 || { cat "$out/log"; exit 1; }
    tail -n 1 "$out/log"
  done
}

build plain -O2
run plain
build portable -O2 -DHS_PORTABLE_KERNELS
run portable
build sanitized -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
run sanitized
build portable-sanitized -O1 -DHS_PORTABLE_KERNELS -fsanitize=address,undefined \
  -fno-sanitize-recover=all
run portable-sanitized
if command -v valgrind >/dev/null; then
  build valgrind -O1 -DHS_PORTABLE_KERNELS
  run valgrind valgrind -q --error-exitcode=9
fi

# The pool shares memory between threads: that is the thread sanitizer's (gcc's, because the one in
# Swift's toolchain wants libdispatch).
for flags in -O2 "-O1 -fsanitize=thread"; do
  # shellcheck disable=SC2086
  gcc -g -Wall -Wextra -Werror -I Sources/CKernels/include $flags Sources/CKernels/pool.c \
    Tests/CKernels/pool_test.c -lpthread -o "$out/pool"
  printf 'pool, %s: ' "$flags"
  "$out/pool"
done
