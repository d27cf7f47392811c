// The plain statement of the cell of an LSTM and of the GELU; included by level_scalar.c.

static void lstm_cell(float *h, float *c, float *gates, const float *x, const float *r, const float *before, size_t ld,
                      size_t n) {
    for (size_t i = 0; i < n; i++) {
        float in = gates[i] = sigmoid(x[i] + r[i]);
        float keep = gates[ld + i] = sigmoid(x[ld + i] + r[ld + i]);
        float new = gates[2 * ld + i] = tanhf(x[2 * ld + i] + r[2 * ld + i]);
        float out = gates[3 * ld + i] = sigmoid(x[3 * ld + i] + r[3 * ld + i]);
        c[i] = keep * before[i] + in * new;
        h[i] = out * tanhf(c[i]);
    }
}

static void lstm_cell_backward(float *dx, float *dc, const float *dh, const float *gates, const float *c,
                               const float *before, size_t ld, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float in = gates[i], keep = gates[ld + i], new = gates[2 * ld + i], out = gates[3 * ld + i], t = tanhf(c[i]);
        float cell = dc[i] + dh[i] * out * (1 - t * t);
        dx[i] = cell * new * in * (1 - in);
        dx[ld + i] = cell * before[i] * keep * (1 - keep);
        dx[2 * ld + i] = cell * in * (1 - new * new);
        dx[3 * ld + i] = dh[i] * t * out * (1 - out);
        dc[i] = cell * keep;
    }
}

static const float gelu_slope = 1.5957691216f, gelu_cube = 0.044715f;

static void gelu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] * sigmoid(gelu_slope * (x[i] + gelu_cube * x[i] * x[i] * x[i]));
}

static void gelu_backward(float *dx, const float *dy, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float v = x[i], s = sigmoid(gelu_slope * (v + gelu_cube * v * v * v));
        dx[i] = dy[i] * (s + v * s * (1 - s) * gelu_slope * (1 + 3 * gelu_cube * v * v));
    }
}
