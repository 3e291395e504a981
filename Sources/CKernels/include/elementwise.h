#pragma once

#include <stdint.h>

// Row by row work between the products. One body for every instruction set, chosen at run time; a
// row's bits depend on its own values only. Steps are numbers from row to row.

/// y = weight · x · inverse with inverse[row] = 1/√(mean(x²) + epsilon), which is kept.
void hs_rms_norm(
    long rows, long channels, const float *x, long x_step, const float *weight, float epsilon,
    float *y, long y_step, float *inverse);

/// The same from the inverses that were kept.
void hs_rms_norm_again(
    long rows, long channels, const float *x, long x_step, const float *weight,
    const float *inverse, float *y, long y_step);

/// dx += ∂L/∂x.
void hs_rms_norm_backward(
    long rows, long channels, const float *x, long x_step, const float *weight,
    const float *inverse, const float *dy, long dy_step, float *dx, long dx_step);

/// sums[c] += Σ_row dy[row][c] · x[row][c] · inverse[row · inverse_step], or Σ_row dy[row][c] where x
/// is null.
void hs_column_sums(
    long rows, long columns, const float *dy, long dy_step, const float *x, long x_step,
    const float *inverse, long inverse_step, float *sums);

/// Turns channel i of each head of a row with channel i + half, in place: (a, b) becomes
/// (a·cos − b·sin, b·cos + a·sin), with sin times `direction`.
void hs_rotate(
    long heads, long half, const float *cosines, const float *sines, float direction, float *x);

/// h[rows][width] = g·σ(g)·u, gate_up being [g | u]. `copy`, unless NULL, gets [g | u] rounded to bf16.
void hs_swiglu(
    long rows, long width, const float *gate_up, long step, float *h, long h_step, uint16_t *copy,
    long copy_step);

/// The gradient of [g | u], and the h of these. gate_up is of floats, or of bf16 numbers where `is_half`.
void hs_swiglu_backward(
    long rows, long width, const void *gate_up, int is_half, long step, const float *dh,
    long dh_step, float *d_gate_up, long d_step, float *h, long h_step);

/// One position's attention: scores[g][t] = scale · Σ_d q[g][d] · keys[t][d] for the query heads that share a key
/// head, so that a key is read once.
void hs_query_scores(
    long heads, long tokens, long width, const float *q, long q_step, const float *keys,
    long key_step, float scale, float *scores, long score_step);

/// y[g][d] += Σ_t weights[g][t] · values[t][d].
void hs_weighted_values(
    long heads, long tokens, long width, const float *weights, long weight_step,
    const float *values, long value_step, float *y, long y_step);

/// Σ e^(x − shift), each to about one unit in the last place, kept in y unless it is null (y may be
/// x).
float hs_exponentials(const float *x, float shift, long count, float *y);

enum { HS_MAXIMA_BLOCK = 64 };

/// The largest of each block of 64; the last may be shorter. A NaN may be overlooked.
void hs_block_maxima(const float *x, long count, float *maxima);

/// Exponents below this are taken as this, so that −∞ stays finite: e^−87 is about the smallest
/// normal number.
#define HS_SOFTMAX_FLOOR -87.0f

/// A row's softmax at a temperature: with x = max(logit · scale − maximum, floor) a probability is
/// eˣ / normaliser.
typedef struct {
  /// 1 / temperature.
  float scale;
  /// Largest logit · scale.
  float maximum;
  /// Σ eˣ and Σ x·eˣ with what rounding loses: a tail of 1e−7 beside a head of 1 keeps its digits.
  double normaliser, moment;
} hs_softmax;

/// NaN in its sums if a logit is NaN or +∞, or all are −∞.
hs_softmax hs_softmax_of(const float *logits, long count, float scale);

/// y = factor · eˣ, from the very exponentials that the normaliser summed; y may be logits.
void hs_softmax_masses(
    const float *logits, long count, const hs_softmax *row, float factor, float *y);

/// What an AdamW step multiplies by (PyTorch's formulas).
typedef struct {
  float clip, beta1, beta2, step_size, root_correction, epsilon, decay;
} hs_adamw_step;

/// Parameters p, gradients g, moments m and v.
void hs_adamw(long count, hs_adamw_step step, float *p, const float *g, float *m, float *v);
