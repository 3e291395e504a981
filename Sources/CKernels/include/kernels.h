#pragma once

/// y[M, N] = x[M, K] · w[N, K]ᵀ, row-major with the given strides, fp32.
///
/// Every element is the same dot product in the same order whatever M is and wherever its row
/// stands, so a sequence's result doesn't depend on who shares the batch: BLAS does not promise
/// that, and a training run that resumes bit for bit needs it.
void hs_matmul_nt(
    const float *x, long ldx, const float *w, long ldw, float *y, long ldy, long m, long n,
    long k);

/// The instruction set that `hs_matmul_nt` uses on this machine: "avx512", "avx2" or "baseline".
const char *hs_instruction_set(void);

/// Swaps what two names stand for, at once: renameat2 with RENAME_EXCHANGE, which Swift's Glibc
/// module doesn't show. Returns 0, or -1 with errno set (EINVAL: this file system can't).
int hs_exchange_names(const char *a, const char *b);

/// Makes standard output appear line by line also where it is no terminal: long work that is piped
/// or logged must show its steps as they happen. Swift 6 can't name C's `stdout`.
void hs_flush_each_line(void);

/// Whether all that was printed could be written.
int hs_output_is_whole(void);
