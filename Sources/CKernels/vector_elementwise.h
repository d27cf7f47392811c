// Element-wise kernels for one level; included by vector_level.h. CKernels.h states what each computes.

#define EACH(n) for (size_t i = 0, left = (n); i < (n); i += VW, left = (n)-i)

static void add(float *y, const float *a, const float *b, size_t n) {
    EACH(n) store_part(y + i, load_part(a + i, left) + load_part(b + i, left), left);
}

static void exp_each(float *y, const float *x, size_t n) {
    EACH(n) store_part(y + i, exp_(load_part(x + i, left)), left);
}

static void sigmoid_gate(float *y, const float *r, const float *x, size_t n) {
    EACH(n) store_part(y + i, sigmoid_(load_part(r + i, left)) * load_part(x + i, left), left);
}

static void sigmoid_gate_backward(float *dr, float *dx, const float *dy, const float *r, const float *x, size_t n) {
    EACH(n) {
        vf s = sigmoid_(load_part(r + i, left)), d = load_part(dy + i, left), v = load_part(x + i, left);
        store_part(dx + i, d * s, left);
        store_part(dr + i, d * v * s * (splat(1.0f) - s), left);
    }
}

static void squared_relu(float *y, const float *x, size_t n) {
    EACH(n) {
        vf v = max_(splat(0.0f), load_part(x + i, left));
        store_part(y + i, v * v, left);
    }
}

static void squared_relu_backward(float *dx, const float *dy, const float *x, size_t n) {
    EACH(n) {
        vf v = max_(splat(0.0f), load_part(x + i, left));
        store_part(dx + i, (v + v) * load_part(dy + i, left), left);
    }
}

static void bf16_to_f32(float *y, const uint16_t *x, size_t n) {
    size_t i = 0;
    for (; i + VW <= n; i += VW) store(y + i, load_bf16(x + i));
    for (; i < n; i++) y[i] = WIDEN1(x[i]);
}

static void f32_to_bf16(uint16_t *y, const float *x, size_t n) {
    EACH(n) {
        vu result = narrow(load_part(x + i, left));
        if (left >= VW)
            *(vh *)(y + i) = __builtin_convertvector(result, vh);
        else
            for (size_t j = 0; j < left; j++) y[i + j] = (uint16_t)result[j];
    }
}

static void token_shift(float *y, const float *x, const float *previous, const float *mix, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, previous = x, x += c, y += c) EACH(c) {
            vf m = load_part(mix + i, left), now = load_part(x + i, left), then = load_part(previous + i, left);
            store_part(y + i, fma_(now, m, then * (splat(1.0f) - m)), left);
        }
}

static void token_shift_backward(float *dx, const float *dy, const float *mix, size_t t, size_t c, int next) {
    for (size_t row = 0; row < t; row++, dx += c, dy += c) EACH(c) {
            vf m = load_part(mix + i, left), d = load_part(dy + i, left) * m;
            if (row + 1 < t || next) d = fma_(load_part(dy + c + i, left), splat(1.0f) - m, d);
            store_part(dx + i, d, left);
        }
}

static void token_shift_mix_gradient(float *dmix, const float *dy, const float *x, const float *previous, size_t ld,
                                     size_t t, size_t c) {
    EACH(c) {
        vf sum = load_part(dmix + i, left), then = load_part(previous + i, left);
        for (size_t row = 0; row < t; row++) {
            vf now = load_part(x + row * ld + i, left);
            sum = fma_(load_part(dy + row * ld + i, left), now - then, sum);
            then = now;
        }
        store_part(dmix + i, sum, left);
    }
}

static float read_floats(const float *x, size_t n) {
    // Eight places at once, as a product of a row with eight rows reads: one stream alone does not fill the memory bus.
    size_t part = n / (8 * VW) * VW;
    vf sums[8] = {};
    for (size_t i = 0; i < part; i += VW)
#pragma clang loop unroll(full)
        for (int j = 0; j < 8; j++) sums[j] += load(x + j * part + i);
    for (size_t i = 8 * part, left = n - i; i < n; i += VW, left = n - i) sums[0] += load_part(x + i, left);
    vf sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    return sum_lanes(sum);
}

static double sum_of_squares(const float *x, size_t n) {
    double sum = 0;
    // Runs of 1024 are summed in float lanes, the runs in double: exact enough for any tensor, and in a fixed order.
    for (size_t start = 0; start < n; start += 1024) {
        size_t count = n - start < 1024 ? n - start : 1024;
        vf acc = {};
        EACH(count) {
            vf v = load_part(x + start + i, left);
            acc = fma_(v, v, acc);
        }
        sum += sum_lanes(acc);
    }
    return sum;
}

static void adamw(float *p, float *m, float *v, const float *g, size_t n, float gscale, float beta1, float beta2,
                  float epsilon, float step, float vscale, float shrink) {
    EACH(n) {
        vf d = load_part(g + i, left) * splat(gscale);
        vf m0 = load_part(m + i, left), v0 = load_part(v + i, left), p0 = load_part(p + i, left);
        vf m1 = fma_(splat(1.0f - beta1), d - m0, m0);
        vf v1 = fma_(splat(1.0f - beta2), fma_(d, d, -v0), v0);
        vf root = __builtin_elementwise_sqrt(v1 * splat(vscale));
        store_part(m + i, m1, left);
        store_part(v + i, v1, left);
        store_part(p + i, fma_(splat(-shrink), p0, p0) - splat(step) * m1 / (root + splat(epsilon)), left);
    }
}
