#pragma once

#include <stdint.h>

/// y[rows, columns] ← x[rows, steps] · w through oneDNN, all on the calling thread: x and y without
/// gaps, w in bf16.h's panels (oneDNN's BA16a64b2a). Returns 0, with y untouched, where the library
/// can't: no bf16 instructions, a contraction that is no multiple of 32, another version.
///
/// Products are compiled once per shape and kept: call it with few different ones.
int hs_onednn_multiply(
    const uint16_t *x, const uint16_t *panels, float *y, long rows, long columns, long steps);
