#!/bin/sh
# Times the matrix products of the default model on this machine, a process per library, because
# OpenBLAS and oneDNN each have threads of their own. THREADS sets how many (all processors).
set -eu

cd "$(dirname "$0")/.."
threads=${THREADS:-$(nproc)}
build=.build/benchmarks
mkdir -p "$build"

# Word splitting is wanted: pkg-config prints several flags.
# shellcheck disable=SC2046
cc -std=gnu11 -O2 -Wall -Wextra -o "$build/gemm" Benchmarks/gemm.c \
  $(pkg-config --cflags --libs openblas) -ldnnl -lm

sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1
echo "threads: $threads (plain: 1)"
echo
echo "library       T      N     K   GFLOP/s  rel. error"
export OPENBLAS_NUM_THREADS="$threads" OMP_NUM_THREADS="$threads"
# A waiting OpenMP thread that spins takes the processor from the one it waits for, where there are
# fewer processors than busy threads.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
for library in openblas onednn plain; do
  "$build/gemm" "$library"
done
