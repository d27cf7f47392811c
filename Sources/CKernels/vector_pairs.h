// Products of bfloat16 with bfloat16, summed as 32-bit floats; included by vector_level.h.
//
// As in vector_matmul.h both operands lie with K contiguous. A lane of a vector holds two neighbouring numbers, and lane l
// adds up the pairs p ≡ l (mod VW); the ends of rows are padded with zeros. sum_lanes4's tree adds the lanes. That order
// depends on K alone.

INLINE vu load_pairs(const uint16_t *p) { return *(const vu_halves *)p; }

#if defined(PAIRS_BF16)
#include <immintrin.h>
#define PREFERS_BF16 1
// One instruction: acc + odd · odd, and then + even · even.
INLINE vf add_pairs(vf acc, vu w, vu x) { return (vf)_mm512_dpbf16_ps((__m512)acc, (__m512bh)w, (__m512bh)x); }
INLINE vu load_pairs_part(const uint16_t *p, size_t left) {
    return (vu)_mm512_maskz_loadu_epi16((__mmask32)((1ull << left) - 1), p);
}
INLINE vh narrow_halves(vf x) { return (vh)_mm512_cvtneps_pbh((__m512)x); }
// The instruction puts one vector behind the other; pairs alternate.
INLINE vu narrow_pairs(vf even, vf odd) {
    typedef uint16_t words __attribute__((vector_size(64)));
    words both = (words)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even);
    return (vu)__builtin_shufflevector(both, both, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25,
                                       10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
#else
#define PREFERS_BF16 0
INLINE vf odd_half(vu x) { return (vf)(x & 0xFFFF0000u); }
INLINE vf even_half(vu x) { return (vf)(x << 16); }
INLINE vf add_pairs(vf acc, vu w, vu x) {
    return fma_(even_half(w), even_half(x), fma_(odd_half(w), odd_half(x), acc));
}
INLINE vh narrow_halves(vf x) { return __builtin_convertvector(narrow(x), vh); }
INLINE vu narrow_pairs(vf even, vf odd) { return narrow(even) | narrow(odd) << 16; }
INLINE vu load_pairs_part(const uint16_t *p, size_t left) {
    uint16_t halves[2 * VW] = {0};
    for (size_t i = 0; i < left; i++) halves[i] = p[i];
    return load_pairs(halves);
}
#endif

// mr rows times nr outputs. Outputs are `step` apart in y, and their weights `ldw`. If `ahead` is not 0, the weights so much
// further on are asked for, evenly over time, into the second-level cache.
INLINE void pairs_tile(float *y, size_t ldy, size_t step, const uint16_t *x, size_t ldx, const uint16_t *w, size_t ldw,
                       size_t k, const int mr, const int groups, const int nr, const size_t ahead) {
    vf acc[MR][8];
#pragma clang loop unroll(full)
    for (int i = 0; i < mr; i++)
#pragma clang loop unroll(full)
        for (int j = 0; j < 4 * groups; j++) acc[i][j] = (vf){};
    size_t p = 0;
    for (; p + 2 * VW <= k; p += 2 * VW) {
        vu xs[MR];
#pragma clang loop unroll(full)
        for (int i = 0; i < mr; i++) xs[i] = load_pairs(x + i * ldx + p);
#pragma clang loop unroll(full)
        for (int j = 0; j < nr; j++) {
            vu ws = load_pairs(w + j * ldw + p);
            if (ahead) __builtin_prefetch(w + ahead + j * ldw + p, 0, 2);
#pragma clang loop unroll(full)
            for (int i = 0; i < mr; i++) acc[i][j] = add_pairs(acc[i][j], ws, xs[i]);
        }
    }
    if (p < k) {
        vu xs[MR];
#pragma clang loop unroll(full)
        for (int i = 0; i < mr; i++) xs[i] = load_pairs_part(x + i * ldx + p, k - p);
#pragma clang loop unroll(full)
        for (int j = 0; j < nr; j++) {
            vu ws = load_pairs_part(w + j * ldw + p, k - p);
#pragma clang loop unroll(full)
            for (int i = 0; i < mr; i++) acc[i][j] = add_pairs(acc[i][j], ws, xs[i]);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < mr; i++)
#pragma clang loop unroll(full)
        for (int g = 0; g < groups; g++) {
            v4 sums = sum_lanes4(acc[i][4 * g], acc[i][4 * g + 1], acc[i][4 * g + 2], acc[i][4 * g + 3]);
#pragma clang loop unroll(full)
            for (int j = 0; j < 4; j++) {
                if (4 * g + j >= nr) continue;
                y[i * ldy + (4 * g + j) * step] = sums[j];
            }
        }
}

INLINE void pairs_rows(float *y, size_t ldy, const uint16_t *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                       size_t k, const int nr, const size_t ahead) {
    size_t i = 0;
#define TILE(ROWS, AHEAD) pairs_tile(y + i * ldy, ldy, 1, x + i * ldx, ldx, w, ldw, k, ROWS, 1, nr, AHEAD)
    // The first tile of rows is the one that waits for weights.
    if (t >= MR) {
        TILE(MR, ahead);
        i = MR;
    }
    for (; i + MR <= t; i += MR) TILE(MR, 0);
#if MR > 4
    for (; i + 4 <= t; i += 4) TILE(4, t < MR ? ahead : 0);
#endif
    for (; i + 2 <= t; i += 2) TILE(2, t < 4 ? ahead : 0);
    for (; i < t; i++) TILE(1, 0);
#undef TILE
}

#if !defined(TILES)
static void matmul_pairs(float *y, size_t ldy, const uint16_t *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                         size_t n, size_t k) {
    size_t j = 0;
    if (t == 1) {
        // Eight long straight reads, as in vector_matmul.h.
        size_t part = n / 8;
        for (; j < part; j++) pairs_tile(y + j, ldy, part, x, ldx, w + j * ldw, part * ldw, k, 1, 2, 8, 0);
        j = 8 * part;
    }
    for (; j + 4 <= n; j += 4) {
        // Few rows wait for memory: what the tile after the next needs is asked for now.
        pairs_rows(y + j, ldy, x, ldx, w + j * ldw, ldw, t, k, 4, 8 * ldw);
    }
    for (; j < n; j++) pairs_rows(y + j, ldy, x, ldx, w + j * ldw, ldw, t, k, 1, 0);
}
#endif
