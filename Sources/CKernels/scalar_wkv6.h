// The plain statement of RWKV-5's and 6's recurrence; included by level_scalar.c.

static void wkv6(float *y, const float *r, const float *k, const float *v, const float *d, const float *u, float *s,
                 size_t ld, size_t ldd, size_t t, size_t n) {
    for (size_t row = 0; row < t; row++, y += ld, r += ld, k += ld, v += ld, d += ldd)
        for (size_t j = 0; j < n; j++) {
            y[j] = 0;
            for (size_t i = 0; i < n; i++) {
                float kv = k[i] * v[j];
                y[j] += r[i] * (s[i * n + j] + u[i] * kv);
                s[i * n + j] = d[i] * s[i * n + j] + kv;
            }
        }
}

// With G = dy and R the gradient of the state after the row, from the last row to the first:
//     dr[i] = Σ_j G[j] (S[i, j] + u[i] k[i] v[j]);      du[i] += r[i] k[i] (G · v)
//     dk[i] = r[i] u[i] (G · v) + Σ_j R[i, j] v[j];     dv[j] = (Σ_i r[i] u[i] k[i]) G[j] + Σ_i R[i, j] k[i]
//     dd[i] = Σ_j R[i, j] S[i, j];                      R[i, j] = d[i] R[i, j] + r[i] G[j]
static void wkv6_backward(float *dr, float *dk, float *dv, float *dd, float *du, float *ds, const float *dy,
                          const float *r, const float *k, const float *v, const float *d, const float *u,
                          const float *states, size_t ld, size_t ldd, size_t t, size_t n) {
    for (size_t row = t; row-- > 0;) {
        const float *s = states + row * n * n;
        const float *G = dy + row * ld, *rr = r + row * ld, *kk = k + row * ld, *vv = v + row * ld;
        const float *decay = d + row * ldd;
        float gv = 0, ruk = 0;
        for (size_t i = 0; i < n; i++) {
            gv += G[i] * vv[i];
            ruk += rr[i] * u[i] * kk[i];
        }
        for (size_t j = 0; j < n; j++) dv[row * ld + j] = ruk * G[j];
        for (size_t i = 0; i < n; i++) {
            float gs = 0, rv = 0, rs = 0;
            for (size_t j = 0; j < n; j++) {
                float *R = ds + i * n + j;
                gs += G[j] * s[i * n + j];
                rv += *R * vv[j];
                rs += *R * s[i * n + j];
                dv[row * ld + j] += *R * kk[i];
                *R = decay[i] * *R + rr[i] * G[j];
            }
            dr[row * ld + i] = gs + u[i] * kk[i] * gv;
            dk[row * ld + i] = rv + rr[i] * u[i] * gv;
            dd[row * ldd + i] += rs;
            du[i] += rr[i] * kk[i] * gv;
        }
    }
}
