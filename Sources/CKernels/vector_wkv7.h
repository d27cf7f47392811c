// The recurrence of RWKV-7 for one level; included by vector_level.h. CKernels.h states the recurrence.
//
// Lanes are columns j of the state, which keys index; rows i, which values index, go four at a time, so that their sums
// over lanes share the work and hide each other's latency.

INLINE void wkv7_rows(float *y, const float *r, const float *d, const float *k, const float *v, const float *kk,
                      const float *a, float *s, size_t n, const int count, const int whole) {
    vf sums[4] = {};
    for (size_t j = 0; j < n; j += VW) {
        vf key = part_at(kk, j, n, whole);
#pragma clang loop unroll(full)
        for (int q = 0; q < count; q++) sums[q] = fma_(part_at(s + q * n, j, n, whole), key, sums[q]);
    }
    v4 e = sum_lanes4(sums[0], sums[1], sums[2], sums[3]);
    vf es[4], vs[4];
#pragma clang loop unroll(full)
    for (int q = 0; q < count; q++) {
        es[q] = splat(-e[q]);
        vs[q] = splat(v[q]);
        sums[q] = (vf){};
    }
    for (size_t j = 0; j < n; j += VW) {
        vf rj = part_at(r, j, n, whole), dj = part_at(d, j, n, whole), kj = part_at(k, j, n, whole);
        vf beta = part_at(a, j, n, whole) * part_at(kk, j, n, whole);
#pragma clang loop unroll(full)
        for (int q = 0; q < count; q++) {
            vf state = part_at(s + q * n, j, n, whole);
            state = fma_(vs[q], kj, fma_(es[q], beta, state * dj));
            put_at(s + q * n, state, j, n, whole);
            sums[q] = fma_(state, rj, sums[q]);
        }
    }
    e = sum_lanes4(sums[0], sums[1], sums[2], sums[3]);
#pragma clang loop unroll(full)
    for (int q = 0; q < count; q++) y[q] = e[q];
}

static void wkv7(float *y, const float *r, const float *d, const float *k, const float *v, const float *kk,
                 const float *a, float *s, size_t ld, size_t t, size_t n) {
    for (size_t at = 0; at < t * ld; at += ld) {
        size_t i = 0;
        if (n % VW == 0)
            for (; i + 4 <= n; i += 4)
                wkv7_rows(y + at + i, r + at, d + at, k + at, v + at + i, kk + at, a + at, s + i * n, n, 4, 1);
        for (; i < n; i++)
            wkv7_rows(y + at + i, r + at, d + at, k + at, v + at + i, kk + at, a + at, s + i * n, n, 1, 0);
    }
}

// The derivation stands in scalar_wkv7.h. The first pass over a row of the adjoint R adds G rᵀ and takes the sums over j;
// the second takes those over i, a vector of columns at a time.
INLINE void wkv7_backward_row(float *dr, float *dd, float *dk, float *dv, float *dkk, float *da, float *ds,
                              const float *dy, const float *r, const float *d, const float *k, const float *v,
                              const float *kk, const float *a, const float *s, float *e, float *de, size_t n,
                              const int whole) {
    const float *after = s + n * n;
    for (size_t i = 0; i < n; i++) {
        vf g = splat(dy[i]), es = {}, des = {}, dvs = {};
        for (size_t j = 0; j < n; j += VW) {
            vf key = part_at(kk, j, n, whole);
            vf adjoint = fma_(g, part_at(r, j, n, whole), part_at(ds + i * n, j, n, whole));
            put_at(ds + i * n, adjoint, j, n, whole);
            es = fma_(part_at(s + i * n, j, n, whole), key, es);
            des = fma_(adjoint, part_at(a, j, n, whole) * key, des);
            dvs = fma_(adjoint, part_at(k, j, n, whole), dvs);
        }
        v4 sums = sum_lanes4(es, des, dvs, dvs);
        e[i] = sums[0];
        de[i] = -sums[1];
        dv[i] = sums[2];
    }
    for (size_t j = 0; j < n; j += VW) {
        vf drs = {}, dds = {}, dks = {}, dbs = {}, dkks = {};
        vf key = part_at(kk, j, n, whole), dj = part_at(d, j, n, whole), aj = part_at(a, j, n, whole);
        for (size_t i = 0; i < n; i++) {
            vf adjoint = part_at(ds + i * n, j, n, whole), state = part_at(s + i * n, j, n, whole), dei = splat(de[i]);
            drs = fma_(part_at(after + i * n, j, n, whole), splat(dy[i]), drs);
            dks = fma_(adjoint, splat(v[i]), dks);
            dds = fma_(adjoint, state, dds);
            dbs = fma_(adjoint, splat(-e[i]), dbs);
            dkks = fma_(state, dei, dkks);
            put_at(ds + i * n, fma_(adjoint, dj, dei * key), j, n, whole);
        }
        put_at(dr, drs, j, n, whole);
        put_at(dk, dks, j, n, whole);
        put_at(dd, dds, j, n, whole);
        put_at(dkk, fma_(dbs, aj, dkks), j, n, whole);
        put_at(da, dbs * key, j, n, whole);
    }
}

static void wkv7_backward(float *dr, float *dd, float *dk, float *dv, float *dkk, float *da, float *ds, const float *dy,
                          const float *r, const float *d, const float *k, const float *v, const float *kk,
                          const float *a, const float *states, size_t ld, size_t t, size_t n) {
    for (size_t row = t; row-- > 0;) {
        size_t at = row * ld;
        float e[CK_HEAD_LIMIT], de[CK_HEAD_LIMIT];
        if (n % VW == 0)
            wkv7_backward_row(dr + at, dd + at, dk + at, dv + at, dkk + at, da + at, ds, dy + at, r + at, d + at,
                              k + at, v + at, kk + at, a + at, states + row * n * n, e, de, n, 1);
        else
            wkv7_backward_row(dr + at, dd + at, dk + at, dv + at, dkk + at, da + at, ds, dy + at, r + at, d + at,
                              k + at, v + at, kk + at, a + at, states + row * n * n, e, de, n, 0);
    }
}
