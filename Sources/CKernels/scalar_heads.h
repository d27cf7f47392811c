// The plain statement of what RWKV-7 does to each head; included by level_scalar.c.

static void normalize(float *y, float *inverse, const float *x, size_t rows, size_t n) {
    for (size_t row = 0; row < rows; row++, x += n, y += n) {
        double squares = 0;
        for (size_t i = 0; i < n; i++) squares += (double)x[i] * x[i];
        float scale = (float)(1 / fmax(sqrt(squares), 1e-12));
        for (size_t i = 0; i < n; i++) y[i] = x[i] * scale;
        if (inverse) inverse[row] = scale;
    }
}

// dx = (dy − y · ⟨dy, y⟩) · inverse; below the least norm the divisor is a constant, and there is no second term.
static void normalize_backward(float *dx, const float *dy, const float *y, const float *inverse, size_t rows, size_t n) {
    for (size_t row = 0; row < rows; row++, dx += n, dy += n, y += n) {
        double dot = 0;
        for (size_t i = 0; i < n; i++) dot += (double)dy[i] * y[i];
        if (inverse[row] >= 1e12f) dot = 0;
        for (size_t i = 0; i < n; i++) dx[i] = (float)((dy[i] - y[i] * dot) * inverse[row]);
    }
}

static void replacement_key(float *y, const float *k, const float *a, const float *mix, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++)
        for (size_t i = 0, at = row * c; i < c; i++, at++) y[at] = k[at] * (1 + (a[at] - 1) * mix[i]);
}

static void replacement_key_backward(float *dk, float *da, const float *dy, const float *k, const float *a,
                                     const float *mix, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++)
        for (size_t i = 0, at = row * c; i < c; i++, at++) {
            dk[at] = dy[at] * (1 + (a[at] - 1) * mix[i]);
            da[at] = dy[at] * k[at] * mix[i];
        }
}

static void replacement_key_mix_gradient(float *dmix, const float *dy, const float *k, const float *a, size_t ld,
                                         size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, dy += ld, k += ld, a += ld)
        for (size_t i = 0; i < c; i++) dmix[i] += dy[i] * k[i] * (a[i] - 1);
}

static void head_bonus(float *y, const float *x, const float *r, const float *k, const float *v, const float *u,
                       size_t t, size_t h, size_t n) {
    for (size_t head = 0; head < t * h; head++, y += n, x += n, r += n, k += n, v += n) {
        const float *bonus = u + head % h * n;
        float sum = 0;
        for (size_t i = 0; i < n; i++) sum += r[i] * k[i] * bonus[i];
        for (size_t i = 0; i < n; i++) y[i] = x[i] + sum * v[i];
    }
}

static void head_bonus_backward(float *dr, float *dk, float *dv, float *dots, const float *dy, const float *r,
                                const float *k, const float *v, const float *u, size_t t, size_t h, size_t n) {
    for (size_t head = 0; head < t * h; head++) {
        const float *bonus = u + head % h * n;
        size_t at = head * n;
        float sum = 0, dot = 0;
        for (size_t i = 0; i < n; i++) {
            sum += r[at + i] * k[at + i] * bonus[i];
            dot += dy[at + i] * v[at + i];
        }
        for (size_t i = 0; i < n; i++) {
            dv[at + i] = sum * dy[at + i];
            dr[at + i] = dot * k[at + i] * bonus[i];
            dk[at + i] = dot * r[at + i] * bonus[i];
        }
        dots[head] = dot;
    }
}

static void head_bonus_weight_gradient(float *du, const float *dots, const float *r, const float *k, size_t ld,
                                       size_t h, size_t t, size_t n) {
    for (size_t row = 0; row < t; row++, r += ld, k += ld)
        for (size_t i = 0; i < n; i++) du[i] += dots[row * h] * r[i] * k[i];
}
