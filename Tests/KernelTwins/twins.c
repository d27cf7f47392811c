#include "include/KernelTwins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- Random input and comparison --------------------------------------------------------------------------------------

// Every comparison begins with a seed of its own, so that a failure shows again.
static _Thread_local uint64_t state;

static float uniform(float from, float to) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return from + (to - from) * (float)(state >> 40) * 0x1p-24f;
}

// Every buffer has a margin of NaN behind it: a kernel that reads or writes too far shows.
#ifndef SEED
#define SEED 0
#endif
enum { MARGIN = 64, SIZES = 9 };
const unsigned twin_sizes = SIZES;

static float *numbers(size_t n, float from, float to) {
    float *x = malloc((n + MARGIN) * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = uniform(from, to);
    for (size_t i = n; i < n + MARGIN; i++) x[i] = NAN;
    return x;
}

static float *copy(const float *x, size_t n) {
    float *y = malloc((n + MARGIN) * sizeof *y);
    memcpy(y, x, (n + MARGIN) * sizeof *y);
    return y;
}

static double worse(double a, double b) { return a > b ? a : b; }

// ‖a − b‖ / max(‖b‖, least) of two results; frees them. The margins must still be NaN.
static double compare_to(double least, float *a, float *b, size_t n) {
    double error = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)a[i] - b[i];
        if (isinf(a[i]) && a[i] == b[i]) d = 0;
        error += d * d;
        norm += isinf(b[i]) ? 0 : (double)b[i] * b[i];
    }
    int torn = 0;
    for (size_t i = n; i < n + MARGIN; i++) torn |= a[i] == a[i] || b[i] == b[i];
    free(a);
    free(b);
    norm = sqrt(norm) > least ? sqrt(norm) : least;
    double result = norm > 0 ? sqrt(error) / norm : sqrt(error);
    return torn || result != result ? INFINITY : result;
}

static double compare(float *a, float *b, size_t n) { return compare_to(0, a, b, n); }

static const size_t rows[SIZES] = {1, 2, 3, 5, 7, 13, 1, 98, 17};
static const size_t widths[SIZES] = {1, 3, 7, 8, 15, 33, 64, 100, 257};
static const size_t depths[SIZES] = {1, 5, 9, 16, 31, 63, 300, 37, 520};

#define EACH_TWIN for (int i = 0; i < 2; i++)

// ---- Products ---------------------------------------------------------------------------------------------------------

static double matmul_f32(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size], k = depths[size];
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * n, 0, 0);
        (i ? scalar : level)->matmul_f32(y[i], n, x, k, w, k, t, n, k);
    }
    free(x), free(w);
    return compare(y[0], y[1], t * n);
}

static uint16_t *halves(const float *x, size_t n) {
    uint16_t *h = malloc((n + MARGIN) * sizeof *h);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        h[i] = (uint16_t)(bits >> 16);
    }
    for (size_t i = n; i < n + MARGIN; i++) h[i] = 0x7FC0;
    return h;
}

static double matmul_bf16(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size], k = depths[size];
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *y[2];
    uint16_t *h = halves(w, n * k);
    EACH_TWIN {
        y[i] = numbers(t * n, 0, 0);
        (i ? scalar : level)->matmul_bf16(y[i], n, x, k, h, k, t, n, k);
    }
    free(x), free(w), free(h);
    return compare(y[0], y[1], t * n);
}

// Both forms of the first operand (rows contiguous, columns contiguous), beginning at zero and at what is there.
static double matmul_add(const ck_kernels *level, const ck_kernels *scalar, unsigned size, int is_half) {
    size_t m = rows[size], n = widths[size], p = depths[size];
    double worst = 0;
    for (int form = 0; form < 4; form++) {
        int transposed = form & 1, accumulate = form >> 1;
        float *a = numbers(m * p, -1, 1), *b = numbers(p * n, -1, 1), *c[2];
        uint16_t *h = halves(b, p * n);
        size_t row = transposed ? 1 : p, column = transposed ? m : 1;
        c[0] = numbers(m * n, -1, 1), c[1] = copy(c[0], m * n);
        EACH_TWIN {
            const ck_kernels *kernels = i ? scalar : level;
            if (is_half)
                kernels->matmul_add_bf16(c[i], n, a, row, column, h, n, m, n, p, accumulate);
            else
                kernels->matmul_add_f32(c[i], n, a, row, column, b, n, m, n, p, accumulate);
        }
        free(a), free(b), free(h);
        worst = worse(worst, compare(c[0], c[1], m * n));
    }
    return worst;
}

static double matmul_add_f32(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return matmul_add(level, scalar, size, 0);
}

static double matmul_add_bf16(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return matmul_add(level, scalar, size, 1);
}

// ---- Element-wise -----------------------------------------------------------------------------------------------------

static double add(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *a = numbers(n, -2, 2), *b = numbers(n, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(n, 0, 0);
        (i ? scalar : level)->add(y[i], a, b, n);
    }
    free(a), free(b);
    return compare(y[0], y[1], n);
}

// The exponential is compared element by element, relative to each, over all exponents and at the ends of its range.
static double exp_(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size] + 8;
    float *x = numbers(n, -87, 88.7f);
    const float ends[8] = {0, -0.0f, 88.72f, 88.73f, -87.3f, -104, 1e30f, -1e38f};
    memcpy(x, ends, sizeof ends);
    float *a = numbers(n, 0, 0), *b = numbers(n, 0, 0);
    level->exp(a, x, n);
    scalar->exp(b, x, n);
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        if (isinf(b[i]) || b[i] < 0x1p-126f) {
            // Below the normal range both are nothing to speak of.
            worst = worse(worst, a[i] == b[i] || (b[i] < 0x1p-126f && a[i] < 0x1p-125f) ? 0 : INFINITY);
        } else {
            worst = worse(worst, fabs(((double)a[i] - b[i]) / b[i]));
        }
        if (a[i] != a[i]) worst = INFINITY;
    }
    float not_a_number = NAN, result;
    level->exp(&result, &not_a_number, 1);
    if (result == result) worst = INFINITY;
    free(x), free(a), free(b);
    return worst;
}

static double sigmoid_gate(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *r = numbers(n, -12, 12), *x = numbers(n, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(n, 0, 0);
        (i ? scalar : level)->sigmoid_gate(y[i], r, x, n);
    }
    free(r), free(x);
    return compare(y[0], y[1], n);
}

static double sigmoid_gate_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *r = numbers(n, -6, 6), *x = numbers(n, -2, 2), *dy = numbers(n, -2, 2), *dr[2], *dx[2];
    EACH_TWIN {
        dr[i] = numbers(n, 0, 0), dx[i] = numbers(n, 0, 0);
        (i ? scalar : level)->sigmoid_gate_backward(dr[i], dx[i], dy, r, x, n);
    }
    free(r), free(x), free(dy);
    return worse(compare(dr[0], dr[1], n), compare(dx[0], dx[1], n));
}

static double squared_relu(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *x = numbers(n, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(n, 0, 0);
        (i ? scalar : level)->squared_relu(y[i], x, n);
    }
    float nan = NAN, kept;
    level->squared_relu(&kept, &nan, 1);
    free(x);
    return kept == kept ? INFINITY : compare(y[0], y[1], n);
}

static double squared_relu_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *x = numbers(n, -2, 2), *dy = numbers(n, -2, 2), *dx[2];
    EACH_TWIN {
        dx[i] = numbers(n, 0, 0);
        (i ? scalar : level)->squared_relu_backward(dx[i], dy, x, n);
    }
    free(x), free(dy);
    return compare(dx[0], dx[1], n);
}

static double bf16_to_f32(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *x = numbers(n, -2, 2), *y[2];
    uint16_t *h = halves(x, n);
    EACH_TWIN {
        y[i] = numbers(n, 0, 0);
        (i ? scalar : level)->bf16_to_f32(y[i], h, n);
    }
    free(x), free(h);
    return compare(y[0], y[1], n);
}

// Exact, and so are ties, infinities and NaN.
static double f32_to_bf16(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size] + 6;
    float *x = numbers(n, -1e3f, 1e3f);
    const uint32_t special[6] = {0x3F808000, 0x3F818000, 0x7F800000, 0xFF800000, 0x7F800001, 0x80000000};
    memcpy(x, special, sizeof special);
    uint16_t *a = calloc(n, 2), *b = calloc(n, 2);
    level->f32_to_bf16(a, x, n);
    scalar->f32_to_bf16(b, x, n);
    double result = memcmp(a, b, 2 * n) ? INFINITY : 0;
    free(x), free(a), free(b);
    return result;
}

static double token_shift(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    float *x = numbers(t * c, -2, 2), *previous = numbers(c, -2, 2), *mix = numbers(c, 0, 1), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->token_shift(y[i], x, previous, mix, t, c);
    }
    free(x), free(previous), free(mix);
    return compare(y[0], y[1], t * c);
}

static double token_shift_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    double worst = 0;
    for (int next = 0; next < 2; next++) {
        float *dy = numbers((t + 1) * c, -2, 2), *mix = numbers(c, 0, 1), *dx[2];
        EACH_TWIN {
            dx[i] = numbers(t * c, 0, 0);
            (i ? scalar : level)->token_shift_backward(dx[i], dy, mix, t, c, next);
        }
        free(dy), free(mix);
        worst = worse(worst, compare(dx[0], dx[1], t * c));
    }
    return worst;
}

static double token_shift_mix_gradient(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size], ld = c + 3;
    float *x = numbers(t * ld, -2, 2), *dy = numbers(t * ld, -2, 2), *previous = numbers(c, -2, 2), *d[2];
    d[0] = numbers(c, -1, 1), d[1] = copy(d[0], c);
    EACH_TWIN(i ? scalar : level)->token_shift_mix_gradient(d[i], dy, x, previous, ld, t, c);
    free(x), free(dy), free(previous);
    return compare(d[0], d[1], c);
}

// ---- Norms, loss, recurrence, optimiser ---------------------------------------------------------------------------------

static double layer_norm(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size] + 1;
    float *x = numbers(t * c, -2, 3), *w = numbers(c, -2, 2), *b = numbers(c, -2, 2), *y[2], *mean[2], *rstd[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0), mean[i] = numbers(t, 0, 0), rstd[i] = numbers(t, 0, 0);
        (i ? scalar : level)->layer_norm(y[i], mean[i], rstd[i], x, w, b, t, c, 1e-5f);
    }
    free(x), free(w), free(b);
    return worse(compare(y[0], y[1], t * c), worse(compare(mean[0], mean[1], t), compare(rstd[0], rstd[1], t)));
}

static double layer_norm_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size] + 3;
    float *x = numbers(t * c, -2, 3), *w = numbers(c, -2, 2), *dy = numbers(t * c, -2, 2), *dx[2];
    float *y = numbers(t * c, 0, 0), *mean = numbers(t, 0, 0), *rstd = numbers(t, 0, 0);
    scalar->layer_norm(y, mean, rstd, x, w, w, t, c, 1e-5f);
    EACH_TWIN {
        dx[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->layer_norm_backward(dx[i], dy, x, mean, rstd, w, t, c);
    }
    free(x), free(w), free(dy), free(y), free(mean), free(rstd);
    return compare(dx[0], dx[1], t * c);
}

static double layer_norm_weight_gradient(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size], ld = c + 5;
    float *x = numbers(t * ld, -2, 3), *dy = numbers(t * ld, -2, 2), *dw[2], *db[2];
    float *mean = numbers(t, -1, 1), *rstd = numbers(t, 0.5f, 2);
    dw[0] = numbers(c, -1, 1), dw[1] = copy(dw[0], c), db[0] = numbers(c, -1, 1), db[1] = copy(db[0], c);
    EACH_TWIN(i ? scalar : level)->layer_norm_weight_gradient(dw[i], db[i], dy, x, mean, rstd, ld, t, c);
    free(x), free(dy), free(mean), free(rstd);
    return worse(compare(dw[0], dw[1], c), compare(db[0], db[1], c));
}

static double cross_entropy(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t v = depths[size] + 1;
    float *x = numbers(v, -9, 9), *d[2], loss[2];
    EACH_TWIN {
        d[i] = numbers(v, 0, 0);
        loss[i] = (i ? scalar : level)->cross_entropy(d[i], x, (int32_t)(v / 2), v, 0.25f, 1e-3f);
    }
    // Without gradients, and with gradients in place of the logits, it is the same.
    float alone = level->cross_entropy(NULL, x, (int32_t)(v / 2), v, 0.25f, 1e-3f);
    float *same = copy(x, v), *first = copy(d[0], v);
    float placed = level->cross_entropy(same, same, (int32_t)(v / 2), v, 0.25f, 1e-3f);
    double moved = compare(same, first, v) + (alone == loss[0] && placed == loss[0] ? 0 : INFINITY);
    free(x);
    // Where the target is all but certain, its gradient is a difference of nearly equal numbers.
    return worse(moved, worse(compare_to(0.1, d[0], d[1], v), fabs(loss[0] - loss[1])));
}

static double wkv4_of(const ck_kernels *level, const ck_kernels *scalar, unsigned size, float bound) {
    size_t t = rows[size], c = widths[size], ld = c + 2, n = t * ld;
    float *k = numbers(n, -bound, bound), *v = numbers(n, -2, 2), *decay = numbers(c, -5, 2), *first = numbers(c, -2, 2);
    float *y[2], *a[2], *b[2], *p[2];
    a[0] = numbers(c, -1, 1), b[0] = numbers(c, 0.1f, 2), p[0] = numbers(c, -bound, bound);
    a[1] = copy(a[0], c), b[1] = copy(b[0], c), p[1] = copy(p[0], c);
    EACH_TWIN {
        y[i] = numbers(n, 0, 0);
        (i ? scalar : level)->wkv4(y[i], k, v, decay, first, a[i], b[i], p[i], ld, t, c);
    }
    free(k), free(v), free(decay), free(first);
    return worse(worse(compare(y[0], y[1], n), compare(a[0], a[1], c)),
                 worse(compare(b[0], b[1], c), compare(p[0], p[1], c)));
}

// Ordinary keys, and keys whose exponentials a float does not hold.
static double wkv4(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(wkv4_of(level, scalar, size, 3), wkv4_of(level, scalar, size, 120));
}

static double wkv4_backward_of(const ck_kernels *level, const ck_kernels *scalar, unsigned size, float bound) {
    size_t t = rows[size], c = widths[size], ld = c + 2, n = t * ld;
    float *k = numbers(n, -bound, bound), *v = numbers(n, -2, 2), *decay = numbers(c, -5, 1), *first = numbers(c, -2, 2);
    float *a = numbers(c, -1, 1), *b = numbers(c, 0.1f, 2), *p = numbers(c, -bound, bound);
    float *dy = numbers(n, -1, 1), *y = numbers(n, 0, 0), *dk[2], *dv[2], *dw[2], *du[2];
    float *a1 = copy(a, c), *b1 = copy(b, c), *p1 = copy(p, c);
    scalar->wkv4(y, k, v, decay, first, a1, b1, p1, ld, t, c);
    dw[0] = numbers(c, -1, 1), dw[1] = copy(dw[0], c), du[0] = numbers(c, -1, 1), du[1] = copy(du[0], c);
    EACH_TWIN {
        dk[i] = numbers(n, 0, 0), dv[i] = numbers(n, 0, 0);
        (i ? scalar : level)
            ->wkv4_backward(dk[i], dv[i], dw[i], du[i], dy, y, k, v, decay, first, a, b, p, ld, t, c);
    }
    free(k), free(v), free(decay), free(first), free(a), free(b), free(p), free(dy), free(y);
    free(a1), free(b1), free(p1);
    // With large keys an output often is exactly one of the values; its gradient is then a difference of equal numbers.
    double least = bound > 10 ? 1 : 0;
    return worse(worse(compare_to(least, dk[0], dk[1], n), compare_to(least, dv[0], dv[1], n)),
                 worse(compare_to(least, dw[0], dw[1], c), compare_to(least, du[0], du[1], c)));
}

static double wkv4_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(wkv4_backward_of(level, scalar, size, 3), wkv4_backward_of(level, scalar, size, 120));
}

static double read_(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size] * 7;
    float *x = numbers(n, 0, 2);
    double a = level->read(x, n), b = scalar->read(x, n);
    free(x);
    return fabs(a - b) / b;
}

static double sum_of_squares(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size] * 7;
    float *x = numbers(n, -2, 2);
    double a = level->sum_of_squares(x, n), b = scalar->sum_of_squares(x, n);
    free(x);
    return fabs(a - b) / b;
}

static double adamw(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *g = numbers(n, -1, 1), *p[2], *m[2], *v[2];
    p[0] = numbers(n, -1, 1), m[0] = numbers(n, -1, 1), v[0] = numbers(n, 0, 1);
    p[1] = copy(p[0], n), m[1] = copy(m[0], n), v[1] = copy(v[0], n);
    EACH_TWIN(i ? scalar : level)->adamw(p[i], m[i], v[i], g, n, 0.5f, 0.9f, 0.99f, 1e-8f, 1e-2f, 1.5f, 1e-3f);
    free(g);
    return worse(compare(p[0], p[1], n), worse(compare(m[0], m[1], n), compare(v[0], v[1], n)));
}

#define TWIN(NAME, TOLERANCE) {#NAME, NAME, TOLERANCE}

static const twin twins[] = {
    TWIN(matmul_f32, 1e-6),
    TWIN(matmul_bf16, 1e-6),
    TWIN(matmul_add_f32, 1e-6),
    TWIN(matmul_add_bf16, 1e-6),
    TWIN(add, 0),
    {"exp", exp_, 3e-7},
    TWIN(sigmoid_gate, 3e-7),
    TWIN(sigmoid_gate_backward, 1e-6),
    TWIN(squared_relu, 0),
    TWIN(squared_relu_backward, 0),
    TWIN(bf16_to_f32, 0),
    TWIN(f32_to_bf16, 0),
    TWIN(token_shift, 1e-6),
    TWIN(token_shift_backward, 1e-6),
    TWIN(token_shift_mix_gradient, 1e-5),
    TWIN(layer_norm, 1e-5),
    TWIN(layer_norm_backward, 1e-4),
    TWIN(layer_norm_weight_gradient, 1e-5),
    TWIN(cross_entropy, 2e-6),
    TWIN(wkv4, 1e-5),
    TWIN(wkv4_backward, 2e-5),
    {"read", read_, 1e-6},
    TWIN(sum_of_squares, 1e-6),
    TWIN(adamw, 1e-6),
};

double twin_difference(int index, const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    state = (uint64_t)index * 1000 + size + SEED;
    return twins[index].difference(level, scalar, size);
}

const twin *twin_at(int index) { return index >= 0 && index < twin_count() ? &twins[index] : NULL; }

int twin_count(void) { return (int)(sizeof twins / sizeof *twins); }

// ---- Splits -----------------------------------------------------------------------------------------------------------

static long bits_that_differ(const float *a, const float *b, size_t n) {
    long count = 0;
    for (size_t i = 0; i < n; i++) count += memcmp(a + i, b + i, 4) != 0;
    return count;
}

long twin_split_differences(const ck_kernels *kernels) {
    state = 1;
    size_t t = 23, n = 71, k = 83;
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *whole = numbers(t * n, 0, 0);
    float *parts = numbers(t * n, 0, 0), *once = numbers(n * k, 0, 0), *often = numbers(n * k, 0, 0);
    long count = 0;
    // Forward: row by row and by odd groups of outputs.
    kernels->matmul_f32(whole, n, x, k, w, k, t, n, k);
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j += 9)
            kernels->matmul_f32(parts + i * n + j, n, x + i * k, k, w + j * k, k, 1, n - j < 9 ? n - j : 9, k);
    count += bits_that_differ(whole, parts, t * n);
    // Weights narrowed and widened again give the bits of the bf16 product.
    uint16_t *h = halves(w, n * k);
    kernels->bf16_to_f32(once, h, n * k);
    kernels->matmul_f32(whole, n, x, k, once, k, t, n, k);
    kernels->matmul_bf16(parts, n, x, k, h, k, t, n, k);
    count += bits_that_differ(whole, parts, t * n);
    // Backward: blocks of the output.
    kernels->matmul_add_f32(once, k, whole, 1, n, x, k, n, k, t, 0);
    for (size_t i = 0; i < n; i += 11)
        for (size_t j = 0; j < k; j += 13)
            kernels->matmul_add_f32(often + i * k + j, k, whole + i, 1, n, x + j, k, n - i < 11 ? n - i : 11,
                                    k - j < 13 ? k - j : 13, t, 0);
    count += bits_that_differ(once, often, n * k);
    // Element-wise: an element's bits do not depend on its place.
    kernels->sigmoid_gate(once, x, w, t * k);
    for (size_t i = 0; i < t * k; i += 5) kernels->sigmoid_gate(often + i, x + i, w + i, t * k - i < 5 ? t * k - i : 5);
    count += bits_that_differ(once, often, t * k);
    free(x), free(w), free(whole), free(parts), free(once), free(often), free(h);
    return count;
}
