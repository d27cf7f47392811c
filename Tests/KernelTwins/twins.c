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

static long bits_that_differ(const float *a, const float *b, size_t n) {
    long count = 0;
    for (size_t i = 0; i < n; i++) count += memcmp(a + i, b + i, 4) != 0;
    return count;
}

#include "twins_products.h"
#include "twins_packed.h"
#include "twins_elementwise.h"
#include "twins_norms.h"
#include "twins_heads.h"
#include "twins_wkv4.h"
#include "twins_matrix_state.h"
#include "twins_attention.h"

#define TWIN(NAME, TOLERANCE) {#NAME, NAME, TOLERANCE}

static const twin twins[] = {
    TWIN(matmul_f32, 1e-6),
    TWIN(matmul_bf16, 1e-6),
    TWIN(matmul_f16, 1e-6),
    TWIN(matmul_pairs, 1e-6),
    TWIN(matmul_panels, 1e-6),
    TWIN(panels_of_columns, 0),
    TWIN(panels_of_rows, 0),
    TWIN(matmul_packed, 0),
    TWIN(matmul_packed_exact, 0),
    TWIN(quantize_rows, 0),
    TWIN(matmul_add_f32, 1e-6),
    TWIN(matmul_add_bf16, 1e-6),
    TWIN(add, 0),
    {"exp", exp_, 3e-7},
    TWIN(sigmoid_gate, 3e-7),
    TWIN(sigmoid_gate_backward, 1e-6),
    TWIN(squared_relu, 0),
    TWIN(squared_relu_backward, 0),
    {"tanh", tanh_, 3e-7},
    TWIN(tanh_backward, 1e-6),
    {"sigmoid", sigmoid_, 3e-7},
    TWIN(sigmoid_backward, 1e-6),
    TWIN(silu_gate, 1e-6),
    TWIN(silu_gate_backward, 1e-6),
    TWIN(decay, 1e-6),
    TWIN(decay_backward, 1e-6),
    TWIN(bounded_decay, 3e-7),
    TWIN(bounded_decay_backward, 1e-6),
    TWIN(multiply, 0),
    TWIN(blend, 1e-6),
    TWIN(blend_backward, 0),
    TWIN(bf16_to_f32, 0),
    TWIN(f32_to_bf16, 0),
    TWIN(token_shift, 1e-6),
    TWIN(token_shift_backward, 1e-6),
    TWIN(token_shift_mix_gradient, 1e-5),
    TWIN(shift_difference, 0),
    TWIN(shift_difference_backward, 0),
    TWIN(lerp, 1e-6),
    TWIN(lerp_backward, 1e-6),
    TWIN(scale_columns, 0),
    TWIN(add_columns, 0),
    TWIN(column_sum, 1e-5),
    TWIN(column_dot, 1e-5),
    TWIN(group_norm, 1e-5),
    TWIN(group_norm_backward, 1e-4),
    TWIN(group_norm_weight_gradient, 1e-5),
    {"normalize", normalize_, 1e-6},
    TWIN(normalize_backward, 1e-5),
    TWIN(replacement_key, 1e-6),
    TWIN(replacement_key_backward, 1e-6),
    TWIN(replacement_key_mix_gradient, 1e-5),
    TWIN(head_bonus, 1e-5),
    TWIN(head_bonus_backward, 1e-5),
    TWIN(head_bonus_weight_gradient, 1e-5),
    TWIN(cross_entropy, 2e-6),
    TWIN(wkv4, 1e-5),
    TWIN(wkv4_backward, 2e-5),
    TWIN(wkv6, 1e-5),
    TWIN(wkv6_backward, 1e-5),
    TWIN(wkv7, 1e-5),
    TWIN(wkv7_backward, 1e-5),
    TWIN(attention, 1e-5),
    TWIN(attention_backward, 1e-5),
    TWIN(rotate, 1e-6),
    TWIN(lstm_cell, 1e-6),
    TWIN(lstm_cell_backward, 2e-6),
    TWIN(gelu, 1e-6),
    TWIN(gelu_backward, 5e-6),
    {"read", read_, 1e-6},
    TWIN(sum_of_squares, 1e-6),
    TWIN(sum_of_exponentials, 0),
    TWIN(adamw, 1e-6),
    TWIN(matmul_turned, 1e-6),
};

double twin_difference(int index, const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    state = (uint64_t)index * 1000 + size + SEED;
    return twins[index].difference(level, scalar, size);
}

const twin *twin_at(int index) { return index >= 0 && index < twin_count() ? &twins[index] : NULL; }

int twin_count(void) { return (int)(sizeof twins / sizeof *twins); }

// ---- Splits -----------------------------------------------------------------------------------------------------------

long twin_split_differences(const ck_kernels *kernels) {
    state = 1;
    size_t t = 23, n = 71, k = 83;
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *whole = numbers(t * n, 0, 0);
    float *parts = numbers(t * n, 0, 0), *once = numbers(n * k, 0, 0), *often = numbers(n * k, 0, 0);
    long count = packed_split_differences(kernels) + turned_split_differences(kernels);
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
    // The product of pairs: row by row and by odd groups of outputs.
    uint16_t *hx = halves(x, t * k);
    kernels->matmul_pairs(whole, n, hx, k, h, k, t, n, k);
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j += 9)
            kernels->matmul_pairs(parts + i * n + j, n, hx + i * k, k, h + j * k, k, 1, n - j < 9 ? n - j : 9, k);
    count += bits_that_differ(whole, parts, t * n);
    free(hx);
    // The product of panels: row by row, and one panel at a time.
    size_t panel = (k + 1) / 2 * CK_PANEL_WIDTH, panels = (n + CK_PANEL_WIDTH - 1) / CK_PANEL_WIDTH;
    uint32_t *right = malloc(panels * panel * sizeof *right), *left = malloc(panels * panel * sizeof *left);
    kernels->panels_of_rows(right, w, k, n, k);
    kernels->panels_of_rows(left, x, k, t, k);
    kernels->matmul_panels(whole, n, left, panel, 1, CK_PANEL_WIDTH, right, panel, t, n, (k + 1) / 2, 0);
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j += CK_PANEL_WIDTH)
            kernels->matmul_panels(parts + i * n + j, n, left + i / CK_PANEL_WIDTH * panel + i % CK_PANEL_WIDTH, panel, 1,
                                   CK_PANEL_WIDTH, right + j / CK_PANEL_WIDTH * panel, panel, 1,
                                   n - j < CK_PANEL_WIDTH ? n - j : CK_PANEL_WIDTH, (k + 1) / 2, 0);
    count += bits_that_differ(whole, parts, t * n);
    free(right), free(left);
    // Backward: blocks of the output.
    kernels->matmul_add_f32(once, k, whole, 1, n, x, k, n, k, t, 0);
    for (size_t i = 0; i < n; i += 11)
        for (size_t j = 0; j < k; j += 13)
            kernels->matmul_add_f32(often + i * k + j, k, whole + i, 1, n, x + j, k, n - i < 11 ? n - i : 11,
                                    k - j < 13 ? k - j : 13, t, 0);
    count += bits_that_differ(once, often, n * k);
    for (size_t i = 0; i < n; i++) kernels->matmul_add_f32(often + i * k, k, whole + i, 1, n, x, k, 1, k, t, 0);
    count += bits_that_differ(once, often, n * k);
    count += attention_split_differences(kernels);
    // Element-wise: an element's bits do not depend on its place.
    kernels->sigmoid_gate(once, x, w, t * k);
    for (size_t i = 0; i < t * k; i += 5) kernels->sigmoid_gate(often + i, x + i, w + i, t * k - i < 5 ? t * k - i : 5);
    count += bits_that_differ(once, often, t * k);
    free(x), free(w), free(whole), free(parts), free(once), free(often), free(h);
    return count;
}
