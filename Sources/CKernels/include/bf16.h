#pragma once

#include <stdint.h>

/// Products of bf16 operands with fp32 sums.
///
/// The right operand stands in panels of 64 columns. Inside a panel two steps of the contraction
/// make a pair: [pairs][64][2] numbers, 256 bytes a pair, which is what an instruction eats. (It is
/// also oneDNN's BA16a64b2a, where the contraction is a multiple of 32.) Missing columns and an odd
/// last step are zeros. The left operand's pairs are 4-byte words, wherever they stand.

/// Whether this processor multiplies bf16 itself; without it the functions below are exact but slow.
int hs_bf16_supported(void);

/// Numbers in a packed operand of `steps` contraction steps and `columns` columns.
long hs_bf16_packed_count(long steps, long columns);

/// Packs x [steps, columns], whose rows are contraction steps: panels are ready for y = l · x.
/// Panels begin `stride` numbers apart, so that a few steps of a longer contraction can be packed.
/// `copy`, unless NULL, gets x as `hs_bf16_round` gives it; `scale` is 1 then.
void hs_bf16_pack_rows(
    const float *x, long ldx, long steps, long columns, float scale, uint16_t *panels,
    long stride, uint16_t *copy, long ldcopy);

/// Packs x [columns, steps], whose rows are output columns: panels are ready for y = l · xᵀ, which
/// is a linear layer with weight x.
void hs_bf16_pack_columns(
    const float *x, long ldx, long columns, long steps, float scale, uint16_t *panels);

/// Rounds rows to nearest even: x [rows, columns] → y, whose rows stand `ldy` numbers apart; an odd
/// last column is followed by a zero.
void hs_bf16_round(const float *x, long ldx, long rows, long columns, uint16_t *y, long ldy);

/// A left and a right operand that share `pairs` pairs of contraction steps.
struct hs_bf16_operands {
  /// Word (i, p) is at left[i * row + p * pair].
  const uint32_t *left;
  long row, pair;
  /// Panels of 64 columns, `stride` numbers apart.
  const uint16_t *panels;
  long stride, pairs;
  /// The result's panels that these are for: panel `first` of the result is theirs at `panels`, and it
  /// and all before panel `end` get their sums.
  long first, end;
};

/// `bytes` bytes from `offset` on of each of some pages, and how far they have been fetched.
struct hs_bf16_pages {
  void *const *bases;
  long count, offset, bytes;
  /// The page after the present one, and what is left of that.
  long next;
  const char *at, *end;
};

/// Memory that the next product will read first: fetched while this one's last panel is multiplied;
/// and pages, unless NULL, of which all along every other step of a tile fetches a line.
struct hs_bf16_next {
  const void *first;
  long bytes;
  struct hs_bf16_pages *pages;
};

/// y[row ..< row_end, column ..< column_end] = Σ over `count` operands (their contractions one after
/// another), on top of y where `accumulate`: a contraction may come in parts. `column` is a multiple of
/// 16; the first operand is for all panels. Every element is summed in the same order whichever rows
/// are asked for: a row doesn't depend on the others.
void hs_bf16_multiply(
    const struct hs_bf16_operands *operands, int count, float *y, long ldy, long row, long row_end,
    long column, long column_end, int accumulate, struct hs_bf16_next next);

/// One row of a weight packed with `pack_columns`: what column `index` was, as floats.
void hs_bf16_unpack_column(const uint16_t *panels, long steps, long index, float *y);
