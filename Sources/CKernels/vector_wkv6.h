// The recurrence of RWKV-5 and 6 for one level; included by vector_level.h. CKernels.h states the recurrence.
//
// Lanes are columns j of the state, so that y needs no sum over lanes:
//     y[j] = Σ_i r[i] s[i, j] + (Σ_i r[i] u[i] k[i]) v[j]
// Four vectors of columns at once hide each other's latency. i runs in order, whatever the vectors.

INLINE vf part_at(const float *p, size_t i, size_t n, const int whole) {
    return whole ? load(p + i) : i < n ? load_part(p + i, n - i) : (vf){};
}
INLINE void put_at(float *p, vf x, size_t i, size_t n, const int whole) {
    if (whole)
        store(p + i, x);
    else if (i < n)
        store_part(p + i, x, n - i);
}

INLINE void wkv6_columns(float *y, const float *r, const float *k, const float *v, const float *d, float *s, float ruk,
                         size_t n, size_t j, const int count, const int whole) {
    vf vs[4], sums[4];
#pragma clang loop unroll(full)
    for (int q = 0; q < count; q++) {
        vs[q] = part_at(v, j + q * VW, n, whole);
        sums[q] = splat(ruk) * vs[q];
    }
    for (size_t i = 0; i < n; i++) {
        vf ri = splat(r[i]), ki = splat(k[i]), di = splat(d[i]);
#pragma clang loop unroll(full)
        for (int q = 0; q < count; q++) {
            vf state = part_at(s + i * n, j + q * VW, n, whole);
            sums[q] = fma_(ri, state, sums[q]);
            put_at(s + i * n, fma_(di, state, ki * vs[q]), j + q * VW, n, whole);
        }
    }
#pragma clang loop unroll(full)
    for (int q = 0; q < count; q++) put_at(y, sums[q], j + q * VW, n, whole);
}

static void wkv6(float *y, const float *r, const float *k, const float *v, const float *d, const float *u, float *s,
                 size_t ld, size_t ldd, size_t t, size_t n) {
    for (size_t row = 0; row < t; row++, y += ld, r += ld, k += ld, v += ld, d += ldd) {
        vf sums = {};
        EACH(n) sums = fma_(load_part(r + i, left) * load_part(u + i, left), load_part(k + i, left), sums);
        float ruk = sum_lanes(sums);
        size_t j = 0;
        for (; j + 4 * VW <= n; j += 4 * VW) wkv6_columns(y, r, k, v, d, s, ruk, n, j, 4, 1);
        for (; j + VW <= n; j += VW) wkv6_columns(y, r, k, v, d, s, ruk, n, j, 1, 1);
        if (j < n) wkv6_columns(y, r, k, v, d, s, ruk, n, j, 1, 0);
    }
}

// The derivation stands in scalar_wkv6.h.
INLINE void wkv6_backward_row(float *dr, float *dk, float *dv, float *dd, float *du, float *ds, const float *dy,
                              const float *r, const float *k, const float *v, const float *d, const float *u,
                              const float *s, size_t n, const int whole) {
    vf gvs = {}, ruks = {};
    for (size_t j = 0; j < n; j += VW) {
        gvs = fma_(part_at(dy, j, n, whole), part_at(v, j, n, whole), gvs);
        ruks = fma_(part_at(r, j, n, whole) * part_at(u, j, n, whole), part_at(k, j, n, whole), ruks);
    }
    v4 sums = sum_lanes4(gvs, ruks, gvs, ruks);
    float gv = sums[0], ruk = sums[1];
    for (size_t j = 0; j < n; j += VW) put_at(dv, splat(ruk) * part_at(dy, j, n, whole), j, n, whole);
    for (size_t i = 0; i < n; i++) {
        vf gs = {}, rv = {}, rs = {}, ri = splat(r[i]), ki = splat(k[i]), di = splat(d[i]);
        for (size_t j = 0; j < n; j += VW) {
            vf g = part_at(dy, j, n, whole), state = part_at(s + i * n, j, n, whole);
            vf adjoint = part_at(ds + i * n, j, n, whole);
            gs = fma_(g, state, gs);
            rv = fma_(adjoint, part_at(v, j, n, whole), rv);
            rs = fma_(adjoint, state, rs);
            put_at(dv, fma_(adjoint, ki, part_at(dv, j, n, whole)), j, n, whole);
            put_at(ds + i * n, fma_(di, adjoint, ri * g), j, n, whole);
        }
        sums = sum_lanes4(gs, rv, rs, rs);
        dr[i] = __builtin_fmaf(u[i] * k[i], gv, sums[0]);
        dk[i] = __builtin_fmaf(r[i] * u[i], gv, sums[1]);
        dd[i] += sums[2];
        du[i] = __builtin_fmaf(r[i] * k[i], gv, du[i]);
    }
}

static void wkv6_backward(float *dr, float *dk, float *dv, float *dd, float *du, float *ds, const float *dy,
                          const float *r, const float *k, const float *v, const float *d, const float *u,
                          const float *states, size_t ld, size_t ldd, size_t t, size_t n) {
    for (size_t row = t; row-- > 0;) {
        size_t at = row * ld;
        if (n % VW == 0)
            wkv6_backward_row(dr + at, dk + at, dv + at, dd + row * ldd, du, ds, dy + at, r + at, k + at, v + at,
                              d + row * ldd, u, states + row * n * n, n, 1);
        else
            wkv6_backward_row(dr + at, dk + at, dv + at, dd + row * ldd, du, ds, dy + at, r + at, k + at, v + at,
                              d + row * ldd, u, states + row * n * n, n, 0);
    }
}
