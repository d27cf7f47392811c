// The plain statement of RWKV-7's recurrence; included by level_scalar.c.

static void wkv7(float *y, const float *r, const float *d, const float *k, const float *v, const float *kk,
                 const float *a, float *s, size_t ld, size_t t, size_t n) {
    for (size_t at = 0; at < t * ld; at += ld)
        for (size_t i = 0; i < n; i++) {
            float *row = s + i * n, e = 0, sum = 0;
            for (size_t j = 0; j < n; j++) e += row[j] * kk[at + j];
            for (size_t j = 0; j < n; j++) {
                row[j] = row[j] * d[at + j] - e * (a[at + j] * kk[at + j]) + v[at + i] * k[at + j];
                sum += row[j] * r[at + j];
            }
            y[at + i] = sum;
        }
}

// With G = dy, S the state before the row, S' the one after it, e = S · kk, β = a ⊙ kk, and R the gradient of S':
//     R += G rᵀ;  dr = S'ᵀ G;  dv = R k;  dk = Rᵀ v;  dd[j] = Σ_i R[i, j] S[i, j];  de = −R β;  dβ = −Rᵀ e
//     dkk = Sᵀ de + dβ ⊙ a;  da = dβ ⊙ kk;  R = R diag(d) + de kkᵀ
static void wkv7_backward(float *dr, float *dd, float *dk, float *dv, float *dkk, float *da, float *ds, const float *dy,
                          const float *r, const float *d, const float *k, const float *v, const float *kk,
                          const float *a, float *states, size_t ld, size_t t, size_t n) {
    for (size_t row = 0; row < t; row++) {
        float *next = states + (row + 1) * n * n, y[CK_HEAD_LIMIT];
        size_t at = row * ld;
        memcpy(next, next - n * n, n * n * sizeof *next);
        wkv7(y, r + at, d + at, k + at, v + at, kk + at, a + at, next, ld, 1, n);
    }
    for (size_t row = t; row-- > 0;) {
        const float *s = states + row * n * n, *after = s + n * n;
        size_t at = row * ld;
        for (size_t j = 0; j < n; j++) dr[at + j] = dd[at + j] = dk[at + j] = dkk[at + j] = da[at + j] = 0;
        for (size_t i = 0; i < n; i++) {
            float *R = ds + i * n, G = dy[at + i], e = 0, de = 0;
            dv[at + i] = 0;
            for (size_t j = 0; j < n; j++) {
                R[j] += G * r[at + j];
                e += s[i * n + j] * kk[at + j];
                de -= R[j] * (a[at + j] * kk[at + j]);
                dv[at + i] += R[j] * k[at + j];
            }
            for (size_t j = 0; j < n; j++) {
                dr[at + j] += after[i * n + j] * G;
                dk[at + j] += R[j] * v[at + i];
                dd[at + j] += R[j] * s[i * n + j];
                // dβ waits in da until it is whole.
                da[at + j] -= R[j] * e;
                dkk[at + j] += s[i * n + j] * de;
                R[j] = R[j] * d[at + j] + de * kk[at + j];
            }
        }
        for (size_t j = 0; j < n; j++) {
            dkk[at + j] += da[at + j] * a[at + j];
            da[at + j] *= kk[at + j];
        }
    }
}
