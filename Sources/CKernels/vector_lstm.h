// The cell of an LSTM and the GELU for one level; included by vector_level.h. CKernels.h states what each computes.

static void lstm_cell(float *h, float *c, float *gates, const float *x, const float *r, const float *before, size_t ld,
                      size_t n) {
    EACH(n) {
        vf in = sigmoid_(load_part(x + i, left) + load_part(r + i, left));
        vf keep = sigmoid_(load_part(x + ld + i, left) + load_part(r + ld + i, left));
        vf new = tanh_(load_part(x + 2 * ld + i, left) + load_part(r + 2 * ld + i, left));
        vf out = sigmoid_(load_part(x + 3 * ld + i, left) + load_part(r + 3 * ld + i, left));
        vf cell = fma_(keep, load_part(before + i, left), in * new);
        store_part(gates + i, in, left);
        store_part(gates + ld + i, keep, left);
        store_part(gates + 2 * ld + i, new, left);
        store_part(gates + 3 * ld + i, out, left);
        store_part(c + i, cell, left);
        store_part(h + i, out * tanh_(cell), left);
    }
}

static void lstm_cell_backward(float *dx, float *dc, const float *dh, const float *gates, const float *c,
                               const float *before, size_t ld, size_t n) {
    const vf one = splat(1.0f);
    EACH(n) {
        vf in = load_part(gates + i, left), keep = load_part(gates + ld + i, left);
        vf new = load_part(gates + 2 * ld + i, left), out = load_part(gates + 3 * ld + i, left);
        vf t = tanh_(load_part(c + i, left)), d = load_part(dh + i, left);
        vf cell = fma_(d * out, fma_(-t, t, one), load_part(dc + i, left));
        store_part(dx + i, cell * new * in * (one - in), left);
        store_part(dx + ld + i, cell * load_part(before + i, left) * keep * (one - keep), left);
        store_part(dx + 2 * ld + i, cell * in * fma_(-new, new, one), left);
        store_part(dx + 3 * ld + i, d * t * out * (one - out), left);
        store_part(dc + i, cell * keep, left);
    }
}

// ½ (1 + tanh u) = σ(2u)
#define GELU_SLOPE 1.5957691216f
#define GELU_CUBE 0.044715f

static void gelu(float *y, const float *x, size_t n) {
    EACH(n) {
        vf v = load_part(x + i, left);
        vf u = splat(GELU_SLOPE) * v * fma_(splat(GELU_CUBE) * v, v, splat(1.0f));
        store_part(y + i, v * sigmoid_(u), left);
    }
}

static void gelu_backward(float *dx, const float *dy, const float *x, size_t n) {
    EACH(n) {
        vf v = load_part(x + i, left);
        vf s = sigmoid_(splat(GELU_SLOPE) * v * fma_(splat(GELU_CUBE) * v, v, splat(1.0f)));
        vf slope = splat(GELU_SLOPE) * fma_(splat(3 * GELU_CUBE) * v, v, splat(1.0f));
        store_part(dx + i, load_part(dy + i, left) * s * fma_(v * (splat(1.0f) - s), slope, splat(1.0f)), left);
    }
}
