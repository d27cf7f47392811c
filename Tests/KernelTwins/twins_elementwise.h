// Twins of the element-wise kernels; included by twins.c.

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
    size_t n = depths[size] + 11;
    float *x = numbers(n, -87, 88.7f);
    // Among them the last number with a finite result and the two that follow it.
    const float ends[11] = {0,    -0.0f, 88.72f,         88.7228317f,    88.7228394f, 88.722847f,
                            88.73f, -87.3f, -104, 1e30f, -1e38f};
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

// Bit for bit, the terms too.
static double sum_of_exponentials(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = depths[size];
    float *x = numbers(n, -800, 1);
    double *terms[2], sums[2];
    EACH_TWIN {
        terms[i] = calloc(n + 1, sizeof *terms[i]);
        sums[i] = (i ? scalar : level)->sum_of_exponentials(terms[i], x, n, 1, 0.75);
    }
    // Behind the terms nothing is written, and without them the sum is the same.
    int differ = memcmp(terms[0], terms[1], n * sizeof *terms[0]) || sums[0] != sums[1] || terms[0][n] != 0 ||
                 level->sum_of_exponentials(NULL, x, n, 1, 0.75) != sums[0];
    free(x), free(terms[0]), free(terms[1]);
    return differ ? INFINITY : 0;
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

// Kernels of n elements with one, two or three inputs and as many outputs, all compared.
#define ELEMENTWISE(NAME, KERNEL, FROM, TO, OUTPUTS, CALL)                                                             \
    static double NAME(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {                            \
        size_t n = depths[size];                                                                                       \
        float *a = numbers(n, FROM, TO), *b = numbers(n, -2, 2), *c = numbers(n, -2, 2), *d = numbers(n, 0, 1);        \
        float *o[2][3];                                                                                                \
        EACH_TWIN {                                                                                                    \
            for (int j = 0; j < 3; j++) o[i][j] = numbers(n, 0, 0);                                                    \
            const ck_kernels *kernels = i ? scalar : level;                                                            \
            float **y = o[i];                                                                                          \
            kernels->KERNEL CALL;                                                                                      \
        }                                                                                                              \
        free(a), free(b), free(c), free(d);                                                                            \
        double worst = 0;                                                                                              \
        for (int j = 0; j < 3; j++) {                                                                                  \
            double difference = compare(o[0][j], o[1][j], n);                                                          \
            if (j < OUTPUTS) worst = worse(worst, difference);                                                         \
        }                                                                                                              \
        return worst;                                                                                                  \
    }

ELEMENTWISE(tanh_small, tanh, -0.7f, 0.7f, 1, (y[0], a, n))
ELEMENTWISE(tanh_large, tanh, -100, 100, 1, (y[0], a, n))
ELEMENTWISE(tanh_backward, tanh_backward, -1, 1, 1, (y[0], b, a, n))
ELEMENTWISE(sigmoid_, sigmoid, -100, 100, 1, (y[0], a, n))
ELEMENTWISE(sigmoid_backward, sigmoid_backward, 0, 1, 1, (y[0], b, a, n))
ELEMENTWISE(silu_gate, silu_gate, -20, 20, 1, (y[0], a, b, n))
ELEMENTWISE(silu_gate_backward, silu_gate_backward, -8, 8, 2, (y[0], y[1], b, a, c, n))
// The true decay is a difference from 1 that matters, and falls to 0 for large x.
ELEMENTWISE(decay, decay, -8, 6, 1, (y[0], a, n))
ELEMENTWISE(decay_backward_near, decay_backward, -8, 1, 1, (y[0], b, a, d, n))
ELEMENTWISE(decay_backward_far, decay_backward, 100, 200, 1, (y[0], b, a, y[1], n))
ELEMENTWISE(bounded_decay, bounded_decay, -20, 20, 1, (y[0], a, n))
ELEMENTWISE(bounded_decay_backward, bounded_decay_backward, -8, 8, 1, (y[0], b, a, d, n))
ELEMENTWISE(multiply, multiply, -2, 2, 1, (y[0], a, b, n))
ELEMENTWISE(blend, blend, -2, 2, 1, (y[0], a, b, d, n))
ELEMENTWISE(blend_backward, blend_backward, -2, 2, 3, (y[0], y[1], y[2], a, b, c, d, n))

static double tanh_(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(tanh_small(level, scalar, size), tanh_large(level, scalar, size));
}

static double decay_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(decay_backward_near(level, scalar, size), decay_backward_far(level, scalar, size));
}
