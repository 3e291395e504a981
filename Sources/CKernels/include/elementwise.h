#pragma once

// Row by row work between the products. One body for every instruction set, chosen at run time; a
// row's bits depend on its own values only. Steps are floats from row to row.

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

/// h[rows][width] = g·σ(g)·u, gate_up being [g | u].
void hs_swiglu(
    long rows, long width, const float *gate_up, long step, float *h, long h_step);

void hs_swiglu_backward(
    long rows, long width, const float *gate_up, long step, const float *dh, long dh_step,
    float *d_gate_up, long d_step);

/// Σ e^(x − shift), each to about one unit in the last place, kept in y unless it is null (y may be
/// x).
float hs_exponentials(const float *x, float shift, long count, float *y);

/// What an AdamW step multiplies by (PyTorch's formulas).
typedef struct {
  float clip, beta1, beta2, step_size, root_correction, epsilon, decay;
} hs_adamw_step;

/// Parameters p, gradients g, moments m and v.
void hs_adamw(long count, hs_adamw_step step, float *p, const float *g, float *m, float *v);
