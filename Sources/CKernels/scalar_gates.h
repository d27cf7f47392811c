// The plain statement of the gates and decays; included by level_scalar.c.

static void tanh_each(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = tanhf(x[i]);
}

static void tanh_backward(float *dx, const float *dy, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++) dx[i] = dy[i] * (1 - y[i] * y[i]);
}

static void sigmoid_each(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = sigmoid(x[i]);
}

static void sigmoid_backward(float *dx, const float *dy, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++) dx[i] = dy[i] * y[i] * (1 - y[i]);
}

static void silu_gate(float *y, const float *g, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = g[i] * sigmoid(g[i]) * x[i];
}

static void silu_gate_backward(float *dg, float *dx, const float *dy, const float *g, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float s = sigmoid(g[i]), d = dy[i];
        dg[i] = d * x[i] * s * (1 + g[i] * (1 - s));
        dx[i] = d * g[i] * s;
    }
}

static void decay_each(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = expf(-expf(x[i]));
}

static void decay_backward(float *dx, const float *dy, const float *x, const float *y, size_t n) {
    // Where y has become 0, e^x may be ∞.
    for (size_t i = 0; i < n; i++) dx[i] = y[i] == 0 ? 0 : -dy[i] * y[i] * expf(x[i]);
}

static const float inverse_root_e = 0.6065306597f;

static void bounded_decay(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = expf(-inverse_root_e * sigmoid(x[i]));
}

static void bounded_decay_backward(float *dx, const float *dy, const float *x, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float s = sigmoid(x[i]);
        dx[i] = -inverse_root_e * dy[i] * y[i] * s * (1 - s);
    }
}

static void multiply(float *y, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

static void blend(float *y, const float *a, const float *b, const float *s, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = a[i] + (b[i] - a[i]) * s[i];
}

static void blend_backward(float *da, float *db, float *ds, const float *dy, const float *a, const float *b,
                           const float *s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        da[i] = dy[i] * (1 - s[i]);
        db[i] = dy[i] * s[i];
        ds[i] = dy[i] * (b[i] - a[i]);
    }
}
