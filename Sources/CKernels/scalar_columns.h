// The plain statement of the mixes of RWKV-6 and 7, and of rows with a vector; included by level_scalar.c.

static void shift_difference(float *dz, const float *x, const float *previous, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, previous = x, x += c, dz += c)
        for (size_t i = 0; i < c; i++) dz[i] = previous[i] - x[i];
}

static void shift_difference_backward(float *dx, const float *ddz, size_t t, size_t c, int next) {
    for (size_t row = 0; row < t; row++, dx += c, ddz += c)
        for (size_t i = 0; i < c; i++) dx[i] = (row + 1 < t || next ? ddz[c + i] : 0) - ddz[i];
}

static void lerp(float *y, const float *x, const float *dz, const float *mix, const float *plus, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++)
        for (size_t i = 0, at = row * c; i < c; i++, at++) y[at] = x[at] + dz[at] * (mix[i] + (plus ? plus[at] : 0));
}

static void lerp_backward(float *dx, float *ddz, float *dplus, const float *dy, const float *dz, const float *mix,
                          const float *plus, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++)
        for (size_t i = 0, at = row * c; i < c; i++, at++) {
            dx[at] += dy[at];
            ddz[at] += dy[at] * (mix[i] + (plus ? plus[at] : 0));
            if (dplus) dplus[at] = dy[at] * dz[at];
        }
}

static void scale_columns(float *y, const float *x, const float *w, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, x += c, y += c)
        for (size_t i = 0; i < c; i++) y[i] = x[i] * w[i];
}

static void add_columns(float *y, const float *x, const float *b, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, x += c, y += c)
        for (size_t i = 0; i < c; i++) y[i] = x[i] + b[i];
}

static void column_sum(float *sum, const float *a, size_t ld, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, a += ld)
        for (size_t i = 0; i < c; i++) sum[i] += a[i];
}

static void column_dot(float *sum, const float *a, const float *b, size_t ld, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, a += ld, b += ld)
        for (size_t i = 0; i < c; i++) sum[i] += a[i] * b[i];
}
