// One body, compiled per instruction set: LANES floats a register, NAME(x) is x's name there.

typedef float NAME(vec) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef int32_t NAME(ivec) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef uint32_t NAME(word_vec) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef uint16_t NAME(half_vec) __attribute__((ext_vector_type(LANES), aligned(2)));
#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define WORDS NAME(word_vec)
#define HALVES NAME(half_vec)
#define INLINE TARGET static inline __attribute__((always_inline))

INLINE VEC NAME(load)(const float *p) { return *(const VEC *)p; }
INLINE void NAME(store)(float *p, VEC x) { *(VEC *)p = x; }

/// Fewer than a register: the rest is zero, and isn't written.
INLINE VEC NAME(load_part)(const float *p, long count) {
  VEC x = 0;
  __builtin_memcpy(&x, p, (size_t)count * sizeof *p);
  return x;
}
INLINE void NAME(store_part)(float *p, VEC x, long count) {
  __builtin_memcpy(p, &x, (size_t)count * sizeof *p);
}

/// Halves added until one is left: always in the same order.
INLINE float NAME(total)(VEC x) {
  float part[LANES];
  __builtin_memcpy(part, &x, sizeof part);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int l = 0; l < width; l++) part[l] += part[l + width];
  return part[0];
}

/// eˣ to about one unit in the last place, for x in −87.3 … 88.3 and clamped beyond; a NaN stays.
INLINE VEC NAME(exponential)(VEC x) {
  x = x < -87.3f ? (VEC)-87.3f : x;
  x = x > 88.3f ? (VEC)88.3f : x;
  // Adding 1.5·2²³ rounds to the nearest integer and leaves it in the low bits.
  const VEC shifted = x * 1.44269504f + 12582912.0f;
  const VEC n = shifted - 12582912.0f;
  // Cody–Waite: ln 2 in two parts keeps the remainder exact.
  const VEC r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  VEC p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const VEC mantissa = p * r * r + r + 1;
  IVEC bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127) << 23;
  VEC power;
  __builtin_memcpy(&power, &bits, sizeof power);
  return mantissa * power;
}

INLINE VEC NAME(sigmoid)(VEC x) { return 1 / (1 + NAME(exponential)(-x)); }

INLINE void NAME(put)(VEC x, float *y, long count) {
  if (count == LANES) NAME(store)(y, x);
  else NAME(store_part)(y, x, count);
}

/// Σ a·b·c, or Σ a·b where c is null.
INLINE float NAME(dot)(const float *a, const float *b, const float *c, long count) {
  VEC sums[4] = {0, 0, 0, 0};
  long i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES)
    for (int j = 0; j < 4; j++) {
      const long at = i + j * LANES;
      const VEC product = NAME(load)(a + at) * NAME(load)(b + at);
      sums[j] += c ? product * NAME(load)(c + at) : product;
    }
  for (; i < count; i += LANES) {
    const long part = count - i < LANES ? count - i : LANES;
    const VEC product = NAME(load_part)(a + i, part) * NAME(load_part)(b + i, part);
    sums[0] += c ? product * NAME(load_part)(c + i, part) : product;
  }
  return NAME(total)((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

#define FOR_VECTORS(COUNT, BODY)                                                                   \
  {                                                                                                \
    long i = 0;                                                                                    \
    for (; i + LANES <= (COUNT); i += LANES) {                                                     \
      const long part = LANES;                                                                     \
      (void)part;                                                                                  \
      BODY                                                                                         \
    }                                                                                              \
    if (i < (COUNT)) {                                                                             \
      const long part = (COUNT) - i;                                                               \
      BODY                                                                                         \
    }                                                                                              \
  }
#define LOAD(P) (part == LANES ? NAME(load)(P) : NAME(load_part)(P, part))

TARGET static void NAME(rms_norm_again)(
    long rows, long channels, const float *x, long x_step, const float *weight,
    const float *inverse, float *y, long y_step) {
  for (long row = 0; row < rows; row++, x += x_step, y += y_step) {
    const float scale = inverse[row];
    FOR_VECTORS(channels, {
      NAME(put)(LOAD(weight + i) * (LOAD(x + i) * scale), y + i, part);
    })
  }
}

TARGET static void NAME(rms_norm)(
    long rows, long channels, const float *x, long x_step, const float *weight, float epsilon,
    float *y, long y_step, float *inverse) {
  for (long row = 0; row < rows; row++, x += x_step, y += y_step) {
    const float square = NAME(dot)(x, x, 0, channels) / (float)channels;
    inverse[row] = 1 / __builtin_sqrtf(square + epsilon);
    NAME(rms_norm_again)(1, channels, x, 0, weight, inverse + row, y, 0);
  }
}

TARGET static void NAME(rms_norm_backward)(
    long rows, long channels, const float *x, long x_step, const float *weight,
    const float *inverse, const float *dy, long dy_step, float *dx, long dx_step) {
  for (long row = 0; row < rows; row++, x += x_step, dy += dy_step, dx += dx_step) {
    const float scale = inverse[row];
    const float projection =
        NAME(dot)(dy, weight, x, channels) * scale * scale / (float)channels;
    FOR_VECTORS(channels, {
      const VEC gradient =
          scale * (LOAD(dy + i) * LOAD(weight + i) - LOAD(x + i) * projection);
      NAME(put)(LOAD(dx + i) + gradient, dx + i, part);
    })
  }
}

/// sums[c] += Σ_row dy[row][c] · x[row][c] · inverse[row · inverse_step], or Σ_row dy[row][c]
/// without x; rows in
/// their order, a strip of registers at a time.
TARGET static void NAME(column_sums)(
    long rows, long columns, const float *dy, long dy_step, const float *x, long x_step,
    const float *inverse, long inverse_step, float *sums) {
  enum { width = 4 };
  long c = 0;
  for (; c + width * LANES <= columns; c += width * LANES) {
    VEC sum[width];
    for (int j = 0; j < width; j++) sum[j] = NAME(load)(sums + c + j * LANES);
    for (long row = 0; row < rows; row++)
      for (int j = 0; j < width; j++) {
        const long at = c + j * LANES;
        const VEC d = NAME(load)(dy + row * dy_step + at);
        sum[j] += x ? d * NAME(load)(x + row * x_step + at) * inverse[row * inverse_step] : d;
      }
    for (int j = 0; j < width; j++) NAME(store)(sums + c + j * LANES, sum[j]);
  }
  for (; c < columns; c++)
    for (long row = 0; row < rows; row++) {
      const float d = dy[row * dy_step + c];
      sums[c] += x ? d * x[row * x_step + c] * inverse[row * inverse_step] : d;
    }
}

TARGET static void NAME(rotate)(
    long heads, long half, const float *cosines, const float *sines, float direction, float *x) {
  for (long head = 0; head < heads; head++, x += 2 * half)
    FOR_VECTORS(half, {
      const VEC a = LOAD(x + i);
      const VEC b = LOAD(x + half + i);
      const VEC cosine = LOAD(cosines + i);
      const VEC sine = direction * LOAD(sines + i);
      NAME(put)(a * cosine - b * sine, x + i, part);
      NAME(put)(b * cosine + a * sine, x + half + i, part);
    })
}

/// To the nearest bf16, ties to even; a NaN stays one.
INLINE void NAME(put_half)(VEC x, uint16_t *y, long count) {
  WORDS bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const WORDS high = bits >> 16;
  const WORDS nearest = (bits + 0x7fff + (high & 1)) >> 16;
  const HALVES half = __builtin_convertvector(
      (bits & 0x7fffffff) > 0x7f800000 ? high | 0x40 : nearest, HALVES);
  if (count == LANES) *(HALVES *)y = half;
  else __builtin_memcpy(y, &half, (size_t)count * sizeof *y);
}

INLINE VEC NAME(load_half)(const uint16_t *p, long count) {
  HALVES half = 0;
  if (count == LANES) half = *(const HALVES *)p;
  else __builtin_memcpy(&half, p, (size_t)count * sizeof *p);
  const WORDS bits = __builtin_convertvector(half, WORDS) << 16;
  VEC x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

TARGET static void NAME(swiglu)(
    long rows, long width, const float *gate_up, long step, float *h, long h_step, uint16_t *copy,
    long copy_step) {
  for (long row = 0; row < rows; row++, gate_up += step, h += h_step) {
    const float *up = gate_up + width;
    FOR_VECTORS(width, {
      const VEC g = LOAD(gate_up + i);
      const VEC u = LOAD(up + i);
      NAME(put)(g * NAME(sigmoid)(g) * u, h + i, part);
      if (copy) {
        NAME(put_half)(g, copy + row * copy_step + i, part);
        NAME(put_half)(u, copy + row * copy_step + width + i, part);
      }
    })
  }
}

INLINE void NAME(swiglu_gradients)(
    long rows, long width, const void *gate_up, const int is_half, long step, const float *dh,
    long dh_step, float *d_gate_up, long d_step, float *h, long h_step) {
  for (long row = 0; row < rows; row++, dh += dh_step, d_gate_up += d_step, h += h_step) {
    const float *floats = is_half ? 0 : (const float *)gate_up + row * step;
    const uint16_t *halves = is_half ? (const uint16_t *)gate_up + row * step : 0;
    float *d_up = d_gate_up + width;
    FOR_VECTORS(width, {
      const VEC g = is_half ? NAME(load_half)(halves + i, part) : LOAD(floats + i);
      const VEC u =
          is_half ? NAME(load_half)(halves + width + i, part) : LOAD(floats + width + i);
      const VEC d = LOAD(dh + i);
      const VEC s = NAME(sigmoid)(g);
      NAME(put)(g * s * u, h + i, part);
      NAME(put)(d * u * (s * (1 + g * (1 - s))), d_gate_up + i, part);
      NAME(put)(d * g * s, d_up + i, part);
    })
  }
}

TARGET static void NAME(swiglu_backward)(
    long rows, long width, const void *gate_up, int is_half, long step, const float *dh,
    long dh_step, float *d_gate_up, long d_step, float *h, long h_step) {
  if (is_half)
    NAME(swiglu_gradients)(
        rows, width, gate_up, 1, step, dh, dh_step, d_gate_up, d_step, h, h_step);
  else
    NAME(swiglu_gradients)(
        rows, width, gate_up, 0, step, dh, dh_step, d_gate_up, d_step, h, h_step);
}

/// A few keys at a time, so that their sums don't wait for each other. A score's bits depend on its own key only.
TARGET static void NAME(query_scores)(
    long heads, long tokens, long width, const float *q, long q_step, const float *keys,
    long key_step, float scale, float *scores, long score_step) {
  enum { block = 4 };
  long t = 0;
  for (; t + block <= tokens; t += block) {
    const float *key = keys + t * key_step;
    for (long g = 0; g < heads; g++) {
      const float *query = q + g * q_step;
      VEC sums[block] = {0, 0, 0, 0};
      FOR_VECTORS(width, {
        const VEC x = LOAD(query + i);
        for (int j = 0; j < block; j++) sums[j] += x * LOAD(key + j * key_step + i);
      })
      for (int j = 0; j < block; j++)
        scores[g * score_step + t + j] = scale * NAME(total)(sums[j]);
    }
  }
  for (; t < tokens; t++)
    for (long g = 0; g < heads; g++) {
      VEC sum = 0;
      FOR_VECTORS(width, { sum += LOAD(q + g * q_step + i) * LOAD(keys + t * key_step + i); })
      scores[g * score_step + t] = scale * NAME(total)(sum);
    }
}

/// Tokens in their order, a strip of registers at a time.
TARGET static void NAME(weighted_values)(
    long heads, long tokens, long width, const float *weights, long weight_step,
    const float *values, long value_step, float *y, long y_step) {
  enum { strip = 8 };
  for (long g = 0; g < heads; g++, weights += weight_step, y += y_step) {
    long d = 0;
    for (; d + strip * LANES <= width; d += strip * LANES) {
      VEC sum[strip];
      for (int j = 0; j < strip; j++) sum[j] = NAME(load)(y + d + j * LANES);
      for (long t = 0; t < tokens; t++)
        for (int j = 0; j < strip; j++)
          sum[j] += weights[t] * NAME(load)(values + t * value_step + d + j * LANES);
      for (int j = 0; j < strip; j++) NAME(store)(y + d + j * LANES, sum[j]);
    }
    for (; d < width; d += LANES) {
      const long part = width - d < LANES ? width - d : LANES;
      VEC sum = LOAD(y + d);
      for (long t = 0; t < tokens; t++) sum += weights[t] * LOAD(values + t * value_step + d);
      NAME(put)(sum, y + d, part);
    }
  }
}

TARGET static float NAME(exponentials)(const float *x, float shift, long count, float *y) {
  VEC sums[2] = {0, 0};
  long i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES)
    for (int j = 0; j < 2; j++) {
      const VEC e = NAME(exponential)(NAME(load)(x + i + j * LANES) - shift);
      if (y) NAME(store)(y + i + j * LANES, e);
      sums[j] += e;
    }
  float total = NAME(total)(sums[0] + sums[1]);
  for (; i < count; i += LANES) {
    // The tail goes through the same polynomial, so a value never depends on its position.
    const long part = count - i < LANES ? count - i : LANES;
    const VEC e = NAME(exponential)(NAME(load_part)(x + i, part) - shift);
    if (y) NAME(store_part)(y + i, e, part);
    for (long l = 0; l < part; l++) total += e[l];
  }
  return total;
}

/// A NaN in x is passed over.
INLINE VEC NAME(larger)(VEC x, VEC best) { return x > best ? x : best; }

/// Adds what rounding loses to a second sum (Knuth's exact sum of two, whichever is larger).
INLINE void NAME(add)(VEC sum[2], VEC x) {
  const VEC t = sum[0] + x, z = t - sum[0];
  sum[1] += (sum[0] - (t - z)) + (x - z);
  sum[0] = t;
}

INLINE double NAME(whole)(const VEC sum[2]) {
  double total = 0;
  for (int l = 0; l < LANES; l++) total += (double)sum[0][l] + sum[1][l];
  return total;
}

/// Rounded twice, as everybody else computes it: a fused one would differ.
INLINE VEC NAME(exponent)(VEC logit, float scale, float maximum) {
#pragma clang fp contract(off)
  const VEC x = logit * scale - maximum;
  return x < HS_SOFTMAX_FLOOR ? (VEC)HS_SOFTMAX_FLOOR : x;
}

TARGET static void NAME(block_maxima)(const float *x, long count, float *maxima) {
  const long whole = count / HS_MAXIMA_BLOCK * HS_MAXIMA_BLOCK;
  for (long first = 0; first < whole; first += HS_MAXIMA_BLOCK) {
    VEC best = NAME(load)(x + first);
    for (long i = LANES; i < HS_MAXIMA_BLOCK; i += LANES)
      best = NAME(larger)(NAME(load)(x + first + i), best);
    *maxima++ = __builtin_reduce_max(best);
  }
  if (whole == count) return;
  float best = x[whole];
  for (long i = whole; i < count; i++) best = x[i] > best ? x[i] : best;
  *maxima = best;
}

TARGET static hs_softmax NAME(softmax)(const float *logits, long count, float scale) {
  VEC best[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
  long i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES)
    for (int j = 0; j < 4; j++)
      best[j] = NAME(larger)(NAME(load)(logits + i + j * LANES), best[j]);
  float top = __builtin_reduce_max(
      NAME(larger)(NAME(larger)(best[0], best[1]), NAME(larger)(best[2], best[3])));
  for (; i < count; i++) top = logits[i] > top ? logits[i] : top;
  const float maximum = top * scale;

  // Two of each, since a sum waits for itself.
  VEC mass[2][2] = {{0, 0}, {0, 0}}, moment[2][2] = {{0, 0}, {0, 0}};
  for (i = 0; i + 2 * LANES <= count; i += 2 * LANES)
    for (int j = 0; j < 2; j++) {
      const VEC x = NAME(exponent)(NAME(load)(logits + i + j * LANES), scale, maximum);
      const VEC e = NAME(exponential)(x);
      NAME(add)(mass[j], e);
      NAME(add)(moment[j], e * x);
    }
  hs_softmax row = {
      scale, maximum, NAME(whole)(mass[0]) + NAME(whole)(mass[1]),
      NAME(whole)(moment[0]) + NAME(whole)(moment[1])};
  for (; i < count; i += LANES) {
    const long part = count - i < LANES ? count - i : LANES;
    const VEC x = NAME(exponent)(NAME(load_part)(logits + i, part), scale, maximum);
    const VEC e = NAME(exponential)(x);
    for (long l = 0; l < part; l++) {
      row.normaliser += e[l];
      row.moment += (double)e[l] * x[l];
    }
  }
  return row;
}

TARGET static void NAME(softmax_masses)(
    const float *logits, long count, const hs_softmax *row, float factor, float *y) {
  const float scale = row->scale, maximum = row->maximum;
  FOR_VECTORS(count, {
    NAME(put)(NAME(exponential)(NAME(exponent)(LOAD(logits + i), scale, maximum)) * factor, y + i,
              part);
  })
}

TARGET static void NAME(adamw)(
    long count, hs_adamw_step s, float *p, const float *g, float *m, float *v) {
  FOR_VECTORS(count, {
    const VEC gradient = LOAD(g + i) * s.clip;
    const VEC first = s.beta1 * LOAD(m + i) + (1 - s.beta1) * gradient;
    const VEC second = s.beta2 * LOAD(v + i) + (1 - s.beta2) * gradient * gradient;
    NAME(put)(first, m + i, part);
    NAME(put)(second, v + i, part);
    const VEC root = __builtin_elementwise_sqrt(second) / s.root_correction + s.epsilon;
    NAME(put)(LOAD(p + i) * s.decay - s.step_size * first / root, p + i, part);
  })
}

static const operations NAME(operations) = {
    NAME(rms_norm), NAME(rms_norm_again), NAME(rms_norm_backward), NAME(column_sums), NAME(rotate), NAME(swiglu),
    NAME(swiglu_backward), NAME(query_scores), NAME(weighted_values), NAME(exponentials), NAME(block_maxima), NAME(softmax),
    NAME(softmax_masses), NAME(adamw),
};

#undef VEC
#undef IVEC
#undef WORDS
#undef HALVES
#undef INLINE
#undef FOR_VECTORS
#undef LOAD
