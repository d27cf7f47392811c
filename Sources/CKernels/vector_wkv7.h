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

#if VW == 16
// Published heads have 64 channels: four rows of the state are sixteen vectors, which stay in registers for some tokens.
#define WKV7_BLOCK 4
#define WKV7_SIZE 64
#define WKV7_TOKENS 16

// The same sums in the same order as wkv7_rows. If `kept` is not NULL, it is given the states [t + 1, 4, 64] before each row
// and after the last, and `removed` what they held for each row's key [t, 4].
INLINE void wkv7_block(float *y, const float *r, const float *d, const float *k, const float *v, const float *kk,
                       const float *a, float *s, size_t ld, size_t t, float *kept, float *removed) {
    vf state[4][4];
    // One token alone waits for its state: what the block a page further on needs is asked for now.
#pragma clang loop unroll(full)
    for (int q = 0; q < 16; q++) {
        state[q / 4][q % 4] = load(s + 16 * q);
        __builtin_prefetch(s + 1024 + 16 * q);
    }
    for (size_t row = 0; row < t; row++, y += ld, r += ld, d += ld, k += ld, v += ld, kk += ld, a += ld) {
        vf sums[4] = {};
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            vf key = load(kk + 16 * j);
#pragma clang loop unroll(full)
            for (int q = 0; q < 4; q++) sums[q] = fma_(state[q][j], key, sums[q]);
        }
        v4 e = sum_lanes4(sums[0], sums[1], sums[2], sums[3]);
        if (kept) {
#pragma clang loop unroll(full)
            for (int q = 0; q < 16; q++) store(kept + 256 * row + 16 * q, state[q / 4][q % 4]);
            memcpy(removed + 4 * row, &e, sizeof e);
        }
        vf es[4], vs[4];
#pragma clang loop unroll(full)
        for (int q = 0; q < 4; q++) {
            es[q] = splat(-e[q]);
            vs[q] = splat(v[q]);
            sums[q] = (vf){};
        }
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            vf rj = load(r + 16 * j), dj = load(d + 16 * j), kj = load(k + 16 * j);
            vf beta = load(a + 16 * j) * load(kk + 16 * j);
#pragma clang loop unroll(full)
            for (int q = 0; q < 4; q++) {
                state[q][j] = fma_(vs[q], kj, fma_(es[q], beta, state[q][j] * dj));
                sums[q] = fma_(state[q][j], rj, sums[q]);
            }
        }
        if (kept) continue;
        e = sum_lanes4(sums[0], sums[1], sums[2], sums[3]);
        memcpy(y, &e, sizeof e);
    }
    float *last = kept ? kept + 256 * t : s;
#pragma clang loop unroll(full)
    for (int q = 0; q < 16; q++) store(last + 16 * q, state[q / 4][q % 4]);
}
#endif

static void wkv7(float *y, const float *r, const float *d, const float *k, const float *v, const float *kk,
                 const float *a, float *s, size_t ld, size_t t, size_t n) {
#if VW == 16
    if (n == WKV7_SIZE) {
        for (size_t row = 0; row < t; row += WKV7_TOKENS) {
            size_t at = row * ld, count = t - row < WKV7_TOKENS ? t - row : WKV7_TOKENS;
            for (size_t i = 0; i < n; i += WKV7_BLOCK)
                wkv7_block(y + at + i, r + at, d + at, k + at, v + at + i, kk + at, a + at, s + i * n, ld, count, NULL,
                           NULL);
        }
        return;
    }
#endif
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

#if VW == 16
// The backward pass of four rows of the state over t tokens. Sums over rows are added to what is there unless `first`; dβ
// waits in da.
INLINE void wkv7_backward_block(float *dr, float *dd, float *dk, float *dv, float *dkk, float *da, float *ds,
                                const float *dy, const float *r, const float *d, const float *k, const float *v,
                                const float *kk, const float *a, const float *kept, const float *removed, size_t ld,
                                size_t t, int first) {
    vf adjoint[4][4];
#pragma clang loop unroll(full)
    for (int q = 0; q < 16; q++) adjoint[q / 4][q % 4] = load(ds + 16 * q);
    for (size_t row = t; row-- > 0;) {
        const size_t at = row * ld;
        const float *before = kept + 256 * row, *after = before + 256, *e = removed + 4 * row;
        const float *g = dy + at, *value = v + at;
        vf des[4] = {}, dvs[4] = {};
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            const size_t p = at + 16 * j;
            vf rj = load(r + p), kj = load(k + p), beta = load(a + p) * load(kk + p);
            vf drs = first ? (vf){} : load(dr + p), dks = first ? (vf){} : load(dk + p);
            vf dds = first ? (vf){} : load(dd + p), dbs = first ? (vf){} : load(da + p);
#pragma clang loop unroll(full)
            for (int q = 0; q < 4; q++) {
                vf R = fma_(splat(g[q]), rj, adjoint[q][j]);
                des[q] = fma_(R, beta, des[q]);
                dvs[q] = fma_(R, kj, dvs[q]);
                drs = fma_(load(after + 64 * q + 16 * j), splat(g[q]), drs);
                dks = fma_(R, splat(value[q]), dks);
                dds = fma_(R, load(before + 64 * q + 16 * j), dds);
                dbs = fma_(R, splat(-e[q]), dbs);
                adjoint[q][j] = R;
            }
            store(dr + p, drs);
            store(dk + p, dks);
            store(dd + p, dds);
            store(da + p, dbs);
        }
        v4 de = sum_lanes4(des[0], des[1], des[2], des[3]), sums = sum_lanes4(dvs[0], dvs[1], dvs[2], dvs[3]);
        memcpy(dv + at, &sums, sizeof sums);
        de = -de;
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            const size_t p = at + 16 * j;
            vf key = load(kk + p), dj = load(d + p), dkks = first ? (vf){} : load(dkk + p);
#pragma clang loop unroll(full)
            for (int q = 0; q < 4; q++) {
                dkks = fma_(load(before + 64 * q + 16 * j), splat(de[q]), dkks);
                adjoint[q][j] = fma_(adjoint[q][j], dj, splat(de[q]) * key);
            }
            store(dkk + p, dkks);
        }
    }
#pragma clang loop unroll(full)
    for (int q = 0; q < 16; q++) store(ds + 16 * q, adjoint[q / 4][q % 4]);
}

// Four rows after the other, each over some tokens with the states computed again: both fit the first-level cache.
static void wkv7_backward_blocks(float *dr, float *dd, float *dk, float *dv, float *dkk, float *da, float *ds,
                                 const float *dy, const float *r, const float *d, const float *k, const float *v,
                                 const float *kk, const float *a, float *states, size_t ld, size_t t) {
    const size_t n = WKV7_SIZE;
    float *kept = states + n * n, removed[4 * WKV7_TOKENS];
    for (size_t i = 0; i < n; i += WKV7_BLOCK) {
        wkv7_block(NULL, r, d, k, v + i, kk, a, states + i * n, ld, t, kept, removed);
        wkv7_backward_block(dr, dd, dk, dv + i, dkk, da, ds + i * n, dy + i, r, d, k, v + i, kk, a, kept, removed, ld,
                            t, i == 0);
    }
    for (size_t at = 0; at < t * ld; at += ld)
        for (size_t j = at; j < at + n; j += VW) {
            vf beta = load(da + j);
            store(dkk + j, fma_(beta, load(a + j), load(dkk + j)));
            store(da + j, beta * load(kk + j));
        }
}
#endif

static void wkv7_backward(float *dr, float *dd, float *dk, float *dv, float *dkk, float *da, float *ds, const float *dy,
                          const float *r, const float *d, const float *k, const float *v, const float *kk,
                          const float *a, float *states, size_t ld, size_t t, size_t n) {
#if VW == 16
    if (n == WKV7_SIZE && t <= WKV7_TOKENS) {
        wkv7_backward_blocks(dr, dd, dk, dv, dkk, da, ds, dy, r, d, k, v, kk, a, states, ld, t);
        return;
    }
#endif
    float e[CK_HEAD_LIMIT], de[CK_HEAD_LIMIT];
    for (size_t row = 0; row < t; row++) {
        float *next = states + (row + 1) * n * n;
        memcpy(next, next - n * n, n * n * sizeof *next);
        // What is read from the states is known already; e is as good a place for it as any.
        wkv7(e, r + row * ld, d + row * ld, k + row * ld, v + row * ld, kk + row * ld, a + row * ld, next, ld, 1, n);
    }
    for (size_t row = t; row-- > 0;) {
        size_t at = row * ld;
        if (n % VW == 0)
            wkv7_backward_row(dr + at, dd + at, dk + at, dv + at, dkk + at, da + at, ds, dy + at, r + at, d + at,
                              k + at, v + at, kk + at, a + at, states + row * n * n, e, de, n, 1);
        else
            wkv7_backward_row(dr + at, dd + at, dk + at, dv + at, dkk + at, da + at, ds, dy + at, r + at, d + at,
                              k + at, v + at, kk + at, a + at, states + row * n * n, e, de, n, 0);
    }
}
