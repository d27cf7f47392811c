// The plain statement of the norms; included by level_scalar.c.

static void group_norm(float *y, float *mean, float *rstd, const float *x, const float *weight, const float *bias,
                       size_t t, size_t g, size_t n, float epsilon) {
    for (size_t group = 0; group < t * g; group++, x += n, y += n) {
        const float *w = weight + group % g * n, *b = bias + group % g * n;
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) sum += x[i];
        double mu = sum / (double)n;
        for (size_t i = 0; i < n; i++) squares += (x[i] - mu) * (x[i] - mu);
        double r = 1 / sqrt(squares / (double)n + epsilon);
        for (size_t i = 0; i < n; i++) y[i] = (float)((x[i] - mu) * r) * w[i] + b[i];
        if (mean) mean[group] = (float)mu;
        if (rstd) rstd[group] = (float)r;
    }
}

static void group_norm_backward(float *dx, const float *dy, const float *x, const float *mean, const float *rstd,
                                const float *weight, size_t t, size_t g, size_t n) {
    for (size_t group = 0; group < t * g; group++, x += n, dy += n, dx += n) {
        const float *w = weight + group % g * n;
        double sum = 0, dot = 0;
        for (size_t i = 0; i < n; i++) {
            double d = (double)dy[i] * w[i];
            sum += d;
            dot += d * (x[i] - mean[group]) * rstd[group];
        }
        for (size_t i = 0; i < n; i++) {
            double xhat = ((double)x[i] - mean[group]) * rstd[group];
            dx[i] = (float)(((double)dy[i] * w[i] - sum / (double)n - xhat * dot / (double)n) * rstd[group]);
        }
    }
}

static void group_norm_weight_gradient(float *dweight, float *dbias, const float *dy, const float *x, const float *mean,
                                       const float *rstd, size_t ld, size_t g, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, x += ld, dy += ld)
        for (size_t i = 0; i < c; i++) {
            dweight[i] += dy[i] * (x[i] - mean[row * g]) * rstd[row * g];
            dbias[i] += dy[i];
        }
}
