// Gates and decays for one level; included by vector_level.h. CKernels.h states what each computes.

// Near 0, 1 − 2/(e^2x + 1) would lose the digits that a polynomial keeps.
INLINE vf tanh_(vf x) {
    vf size = select_(x < splat(0.0f), -x, x), square = x * x;
    vf p = splat(-5.70498872745e-3f);
    p = fma_(p, square, splat(2.06390887954e-2f));
    p = fma_(p, square, splat(-5.37397155531e-2f));
    p = fma_(p, square, splat(1.33314422036e-1f));
    p = fma_(p, square, splat(-3.33332819422e-1f));
    p = fma_(p * square, x, x);
    vf large = splat(1.0f) - splat(2.0f) / (exp_(size + size) + splat(1.0f));
    large = select_(x < splat(0.0f), -large, large);
    return select_(size < splat(0.625f), p, large);
}

static void tanh_each(float *y, const float *x, size_t n) {
    EACH(n) store_part(y + i, tanh_(load_part(x + i, left)), left);
}

static void tanh_backward(float *dx, const float *dy, const float *y, size_t n) {
    EACH(n) {
        vf v = load_part(y + i, left);
        store_part(dx + i, load_part(dy + i, left) * fma_(-v, v, splat(1.0f)), left);
    }
}

static void sigmoid_each(float *y, const float *x, size_t n) {
    EACH(n) store_part(y + i, sigmoid_(load_part(x + i, left)), left);
}

static void sigmoid_backward(float *dx, const float *dy, const float *y, size_t n) {
    EACH(n) {
        vf v = load_part(y + i, left);
        store_part(dx + i, load_part(dy + i, left) * v * (splat(1.0f) - v), left);
    }
}

static void silu_gate(float *y, const float *g, const float *x, size_t n) {
    EACH(n) {
        vf v = load_part(g + i, left);
        store_part(y + i, v * sigmoid_(v) * load_part(x + i, left), left);
    }
}

static void silu_gate_backward(float *dg, float *dx, const float *dy, const float *g, const float *x, size_t n) {
    EACH(n) {
        vf v = load_part(g + i, left), s = sigmoid_(v), d = load_part(dy + i, left);
        store_part(dg + i, d * load_part(x + i, left) * s * fma_(v, splat(1.0f) - s, splat(1.0f)), left);
        store_part(dx + i, d * v * s, left);
    }
}

static void decay_each(float *y, const float *x, size_t n) {
    EACH(n) store_part(y + i, exp_(-exp_(load_part(x + i, left))), left);
}

static void decay_backward(float *dx, const float *dy, const float *x, const float *y, size_t n) {
    EACH(n) {
        vf v = load_part(y + i, left), d = -load_part(dy + i, left) * v * exp_(load_part(x + i, left));
        // Where y has become 0, e^x may be ∞.
        store_part(dx + i, select_(v == splat(0.0f), splat(0.0f), d), left);
    }
}

#define INVERSE_ROOT_E 0.6065306597f

static void bounded_decay(float *y, const float *x, size_t n) {
    EACH(n) store_part(y + i, exp_(splat(-INVERSE_ROOT_E) * sigmoid_(load_part(x + i, left))), left);
}

static void bounded_decay_backward(float *dx, const float *dy, const float *x, const float *y, size_t n) {
    EACH(n) {
        vf s = sigmoid_(load_part(x + i, left)), d = load_part(dy + i, left) * load_part(y + i, left);
        store_part(dx + i, splat(-INVERSE_ROOT_E) * d * s * (splat(1.0f) - s), left);
    }
}

static void multiply(float *y, const float *a, const float *b, size_t n) {
    EACH(n) store_part(y + i, load_part(a + i, left) * load_part(b + i, left), left);
}

static void blend(float *y, const float *a, const float *b, const float *s, size_t n) {
    EACH(n) {
        vf from = load_part(a + i, left);
        store_part(y + i, fma_(load_part(b + i, left) - from, load_part(s + i, left), from), left);
    }
}

static void blend_backward(float *da, float *db, float *ds, const float *dy, const float *a, const float *b,
                           const float *s, size_t n) {
    EACH(n) {
        vf d = load_part(dy + i, left), part = load_part(s + i, left);
        vf difference = load_part(b + i, left) - load_part(a + i, left);
        store_part(da + i, d * (splat(1.0f) - part), left);
        store_part(db + i, d * part, left);
        store_part(ds + i, d * difference, left);
    }
}
