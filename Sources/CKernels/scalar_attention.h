// The plain statement of attention; included by level_scalar.c.

static void attention(float *y, float *lse, const float *q, const float *const *keys, const float *const *values,
                      size_t pages, size_t seen, size_t ld, size_t ldv, size_t t, size_t n, float scale) {
    for (size_t i = 0; i < t; i++) {
        float top = -INFINITY, sum = 0, *row = y + i * ld;
        memset(row, 0, n * sizeof(float));
        for (size_t page = 0; page < pages; page++) {
            size_t count = page + 1 < pages || seen + i > CK_PAGE ? CK_PAGE : seen + i;
            float s[CK_PAGE], highest = top;
            for (size_t j = 0; j < count; j++) {
                s[j] = 0;
                for (size_t c = 0; c < n; c++) s[j] += q[i * ld + c] * keys[page][c * CK_PAGE + j];
                s[j] *= scale;
                highest = fmaxf(highest, s[j]);
            }
            float shrink = expf(top - highest);
            sum *= shrink;
            for (size_t c = 0; c < n; c++) row[c] *= shrink;
            for (size_t j = 0; j < count; j++) {
                float e = expf(s[j] - highest);
                sum += e;
                for (size_t c = 0; c < n; c++) row[c] += e * values[page][j * ldv + c];
            }
            top = highest;
        }
        for (size_t c = 0; c < n; c++) row[c] /= sum;
        if (lse) lse[i] = top + logf(sum);
    }
}

static void attention_backward(float *dq, float *dk, float *dv, const float *dy, const float *y, const float *q,
                               const float *lse, const float *keys, const float *values, size_t seen, size_t ld,
                               size_t ldv, size_t t, size_t n, float scale) {
    for (size_t i = 0; i < t; i++, dq += ld, dy += ld, y += ld, q += ld) {
        size_t count = seen + i < CK_PAGE ? seen + i : CK_PAGE;
        float dot = 0;
        for (size_t c = 0; c < n; c++) dot += dy[c] * y[c];
        for (size_t j = 0; j < count; j++) {
            float s = 0, dp = 0;
            for (size_t c = 0; c < n; c++) {
                s += q[c] * keys[c * CK_PAGE + j];
                dp += dy[c] * values[j * ldv + c];
            }
            float p = expf(s * scale - lse[i]), ds = p * (dp - dot) * scale;
            for (size_t c = 0; c < n; c++) {
                dq[c] += ds * keys[c * CK_PAGE + j];
                dk[j * n + c] += ds * q[c];
                dv[j * n + c] += p * dy[c];
            }
        }
    }
}

static void rotate(float *y, const float *x, const float *cosines, const float *sines, float direction, size_t t, size_t h,
                   size_t n) {
    size_t half = n / 2;
    for (size_t row = 0; row < t; row++, cosines += half, sines += half)
        for (size_t head = 0; head < h; head++, x += n, y += n)
            for (size_t i = 0; i < half; i++) {
                float a = x[i], b = x[half + i], c = cosines[i], s = sines[i] * direction;
                y[i] = a * c - b * s;
                y[half + i] = b * c + a * s;
            }
}
