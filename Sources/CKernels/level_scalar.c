// The plain statement of every kernel, for any machine: the reference that the vector levels are tested against.
// CKernels.h states what each computes.
#include "include/CKernels.h"

#include <math.h>
#include <string.h>

static float widen(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static uint16_t narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if (x != x) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

static void matmul_f32(float *y, size_t ldy, const float *x, size_t ldx, const float *w, size_t ldw, size_t t, size_t n,
                       size_t k) {
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++) sum += x[i * ldx + p] * w[j * ldw + p];
            y[i * ldy + j] = sum;
        }
}

static void matmul_bf16(float *y, size_t ldy, const float *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                        size_t n, size_t k) {
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++) sum += x[i * ldx + p] * widen(w[j * ldw + p]);
            y[i * ldy + j] = sum;
        }
}

static void matmul_pairs(float *y, size_t ldy, const uint16_t *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                         size_t n, size_t k) {
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++) sum += widen(x[i * ldx + p]) * widen(w[j * ldw + p]);
            y[i * ldy + j] = sum;
        }
}

#include "exponentials.h"
#include "scalar_panels.h"
#include "scalar_packed.h"

static void matmul_f16(float *y, size_t ldy, const float *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t, size_t n,
                       size_t k) {
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++) sum += x[i * ldx + p] * half((const uint8_t *)(w + j * ldw + p));
            y[i * ldy + j] = sum;
        }
}

static void matmul_add_f32(float *c, size_t ldc, const float *a, size_t row, size_t column, const float *b, size_t ldb,
                           size_t i, size_t j, size_t p, int accumulate) {
    for (size_t r = 0; r < i; r++) {
        if (!accumulate) memset(c + r * ldc, 0, j * sizeof(float));
        for (size_t q = 0; q < p; q++)
            for (size_t s = 0; s < j; s++) c[r * ldc + s] += a[r * row + q * column] * b[q * ldb + s];
    }
}

static void matmul_add_bf16(float *c, size_t ldc, const float *a, size_t row, size_t column, const uint16_t *b,
                            size_t ldb, size_t i, size_t j, size_t p, int accumulate) {
    for (size_t r = 0; r < i; r++) {
        if (!accumulate) memset(c + r * ldc, 0, j * sizeof(float));
        for (size_t q = 0; q < p; q++)
            for (size_t s = 0; s < j; s++) c[r * ldc + s] += a[r * row + q * column] * widen(b[q * ldb + s]);
    }
}

static void add(float *y, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

static void exp_each(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = expf(x[i]);
}

static void sigmoid_gate(float *y, const float *r, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = sigmoid(r[i]) * x[i];
}

static void sigmoid_gate_backward(float *dr, float *dx, const float *dy, const float *r, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float s = sigmoid(r[i]), d = dy[i];
        dr[i] = d * x[i] * s * (1 - s);
        dx[i] = d * s;
    }
}

static void squared_relu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i] * x[i];
}

static void squared_relu_backward(float *dx, const float *dy, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) dx[i] = x[i] < 0 ? 0 : 2 * x[i] * dy[i];
}

static void bf16_to_f32(float *y, const uint16_t *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = widen(x[i]);
}

static void f32_to_bf16(uint16_t *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = narrow(x[i]);
}

static void token_shift(float *y, const float *x, const float *previous, const float *mix, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, previous = x, x += c, y += c)
        for (size_t i = 0; i < c; i++) y[i] = x[i] * mix[i] + previous[i] * (1 - mix[i]);
}

static void token_shift_backward(float *dx, const float *dy, const float *mix, size_t t, size_t c, int next) {
    for (size_t row = 0; row < t; row++, dx += c, dy += c)
        for (size_t i = 0; i < c; i++) {
            dx[i] = dy[i] * mix[i];
            if (row + 1 < t || next) dx[i] += dy[c + i] * (1 - mix[i]);
        }
}

static void token_shift_mix_gradient(float *dmix, const float *dy, const float *x, const float *previous, size_t ld,
                                     size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, previous = x, x += ld, dy += ld)
        for (size_t i = 0; i < c; i++) dmix[i] += dy[i] * (x[i] - previous[i]);
}

static float cross_entropy(float *d, const float *logits, int32_t target, size_t v, float scale, float l2wrap) {
    size_t best = 0;
    for (size_t i = 1; i < v; i++)
        if (logits[i] > logits[best]) best = i;
    float top = logits[best], wanted = logits[target];
    double sum = 0;
    for (size_t i = 0; i < v; i++) sum += exp((double)logits[i] - top);
    if (d) {
        for (size_t i = 0; i < v; i++) d[i] = (float)(exp((double)logits[i] - top) / sum) * scale;
        d[target] -= scale;
        d[best] += l2wrap * top;
    }
    return (float)(log(sum) + top - wanted);
}

static void wkv4(float *y, const float *k, const float *v, const float *decay, const float *first, float *a, float *b,
                 float *p, size_t ld, size_t t, size_t c) {
    for (size_t i = 0; i < c; i++) {
        float w = -expf(decay[i]), u = first[i];
        for (size_t at = i; at < t * ld + i; at += ld) {
            float q = fmaxf(p[i], u + k[at]);
            float e1 = expf(p[i] - q), e2 = expf(u + k[at] - q);
            y[at] = (e1 * a[i] + e2 * v[at]) / (e1 * b[i] + e2);
            q = fmaxf(p[i] + w, k[at]);
            e1 = expf(p[i] + w - q);
            e2 = expf(k[at] - q);
            a[i] = e1 * a[i] + e2 * v[at];
            b[i] = e1 * b[i] + e2;
            p[i] = q;
        }
    }
}

// The derivation stands in vector_wkv4.h.
static void wkv4_backward(float *dk, float *dv, float *ddecay, float *dfirst, const float *dy, const float *y,
                          const float *k, const float *v, const float *decay, const float *first, const float *a,
                          const float *b, const float *p, size_t ld, size_t t, size_t c) {
    for (size_t i = 0; i < c; i++) {
        float w = -expf(decay[i]), u = first[i], aa = a[i], bb = b[i], pp = p[i];
        float da = 0, db = 0, dw = 0, du = 0;
        for (size_t at = i; at < t * ld + i; at += ld) {
            float q = fmaxf(pp, u + k[at]);
            float e1 = expf(pp - q), e2 = expf(u + k[at] - q);
            float h = dy[at] / (e1 * bb + e2);
            dv[at] = h;
            dk[at] = u + k[at] - q;
            du += h * e2 * (v[at] - y[at]);
            dw += h * e1 * (da - y[at] * db);
            q = fmaxf(pp + w, k[at]);
            e1 = expf(pp + w - q);
            e2 = expf(k[at] - q);
            da = e1 * (da + aa);
            db = e1 * (db + bb);
            aa = e1 * aa + e2 * v[at];
            bb = e1 * bb + e2;
            pp = q;
        }
        float ga = 0, gb = 0, gp = -1e38f;
        for (size_t row = t; row-- > 0;) {
            size_t at = row * ld + i;
            float h = dv[at], rho = dk[at], e1 = h * expf(rho), e2 = expf(k[at] + gp);
            dk[at] = e1 * (v[at] - y[at]) + e2 * (ga * v[at] + gb);
            dv[at] = e1 + e2 * ga;
            float scale = rho - u - k[at], q = fmaxf(w + gp, scale);
            e1 = expf(w + gp - q);
            e2 = h * expf(scale - q);
            ga = e1 * ga + e2;
            gb = e1 * gb - e2 * y[at];
            gp = q;
        }
        ddecay[i] += w * dw;
        dfirst[i] += du;
    }
}

#include "scalar_norm.h"
#include "scalar_gates.h"
#include "scalar_columns.h"
#include "scalar_heads.h"
#include "scalar_wkv6.h"
#include "scalar_wkv7.h"
#include "scalar_attention.h"
#include "scalar_lstm.h"

static float read_floats(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return (float)sum;
}

static double sum_of_squares(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return sum;
}

static void adamw(float *p, float *m, float *v, const float *g, size_t n, float gscale, float beta1, float beta2,
                  float epsilon, float step, float vscale, float shrink) {
    for (size_t i = 0; i < n; i++) {
        float d = g[i] * gscale;
        m[i] += (1 - beta1) * (d - m[i]);
        v[i] += (1 - beta2) * (d * d - v[i]);
        p[i] = p[i] - shrink * p[i] - step * m[i] / (sqrtf(v[i] * vscale) + epsilon);
    }
}

const ck_kernels level_scalar_kernels = {
    .name = "scalar",
    .prefers_bf16 = 0,
#include "table.h"
};
