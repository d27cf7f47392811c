// Backward products for one level: c = a · b or c += a · b, where a may be transposed; included by vector_level.h.
//
// c[i, j] is summed over p in order, whatever the blocks. Blocks of b and of a are copied together first, so that the inner
// loop reads memory in a straight line: b as panels [p][2·VW], a as panels [p][AR].
#include "vector_matmul_add_few.h"

#define PB 256
#define BW (2 * VW)

INLINE void block(float *c, size_t ldc, const float *a, const float *b, size_t p, size_t rows, size_t columns, int first) {
    vf acc[AR][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < AR; i++) {
        int skip = first || (size_t)i >= rows;
        acc[i][0] = skip ? (vf){} : load_part(c + i * ldc, columns);
        acc[i][1] = skip || columns <= VW ? (vf){} : load_part(c + i * ldc + VW, columns - VW);
    }
    for (size_t q = 0; q < p; q++) {
        vf b0 = load(b + q * BW), b1 = load(b + q * BW + VW);
#pragma clang loop unroll(full)
        for (int i = 0; i < AR; i++) {
            vf s = splat(a[q * AR + i]);
            acc[i][0] = fma_(s, b0, acc[i][0]);
            acc[i][1] = fma_(s, b1, acc[i][1]);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < AR; i++) {
        if ((size_t)i >= rows) continue;
        store_part(c + i * ldc, acc[i][0], columns);
        if (columns > VW) store_part(c + i * ldc + VW, acc[i][1], columns - VW);
    }
}

// Rows of c per packed block of a: a multiple of AR near 96.
#define AB (96 / AR * AR)

// AR rows of a, whose columns are neighbours. A step of AR numbers may be followed by others up to whole vectors, over which the
// next step is written.
INLINE void pack_rows(float *as, const float *a, size_t row, size_t depth) {
    size_t q = 0;
    for (; q + VW <= depth; q += VW)
#pragma clang loop unroll(full)
        for (int s = 0; s < AR; s += VW) {
            vu words[VW];
#pragma clang loop unroll(full)
            for (int i = 0; i < VW; i++) words[i] = s + i < AR ? (vu)load(a + (s + i) * row + q) : (vu){};
            transpose_words(words);
#pragma clang loop unroll(full)
            for (int i = 0; i < VW; i++) store(as + (q + i) * AR + s, (vf)words[i]);
        }
    for (; q < depth; q++)
        for (int s = 0; s < AR; s++) as[q * AR + s] = a[s * row + q];
}

// Rows of a that are neighbours. Its columns are far apart, so a line of it is read to its end before many others are.
INLINE void pack_columns(float *as, const float *a, size_t column, size_t rows, size_t depth) {
    for (size_t q0 = 0; q0 < depth; q0 += 4)
        for (size_t r = 0; r < rows; r += AR)
            for (size_t q = q0; q < depth && q < q0 + 4; q++)
                memcpy(as + r * PB + q * AR, a + r + q * column, AR * sizeof(float));
}

// Up to AB rows of a as panels; rows that are missing of the last one are zero.
static void pack_left(float *as, const float *a, size_t row, size_t column, size_t rows, size_t depth) {
    size_t r = 0;
    if (row == 1) {
        r = rows - rows % AR;
        pack_columns(as, a, column, r, depth);
    } else if (column == 1) {
        for (; r + AR <= rows; r += AR) pack_rows(as + r * PB, a + r * row, row, depth);
    }
    for (; r < rows; r += AR)
        for (size_t q = 0; q < depth; q++)
            for (size_t s = 0; s < AR; s++)
                as[r * PB + q * AR + s] = r + s < rows ? a[(r + s) * row + q * column] : 0;
}

#define MATMUL_ADD(NAME, WEIGHT, LOAD, WIDEN)                                                                          \
    MATMUL_ADD_FEW(NAME, WEIGHT, LOAD, WIDEN)                                                                          \
    /* A panel of b; lines of the next one are asked for meanwhile. */                                                 \
    INLINE void NAME##_pack(float *bs, const WEIGHT *b, size_t ldb, size_t columns, size_t depth) {                    \
        for (size_t q = 0; q < depth; q++, b += ldb, bs += BW) {                                                       \
            __builtin_prefetch(b + BW, 0, 2);                                                                          \
            if (columns >= BW) {                                                                                       \
                store(bs, LOAD(b));                                                                                    \
                store(bs + VW, LOAD(b + VW));                                                                          \
            } else {                                                                                                   \
                for (size_t s = 0; s < BW; s++) bs[s] = s < columns ? WIDEN(b[s]) : 0;                                 \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static void NAME(float *c, size_t ldc, const float *a, size_t row, size_t column, const WEIGHT *b, size_t ldb,     \
                     size_t i, size_t j, size_t p, int accumulate) {                                                   \
        if (i <= FEW_LIMIT && i > 1) {                                                                                 \
            NAME##_few(c, ldc, a, row, column, b, ldb, i, j, p, accumulate);                                           \
            return;                                                                                                    \
        }                                                                                                              \
        if (i == 1) {                                                                                                  \
            NAME##_row(c, a, column, b, ldb, j, p, accumulate);                                                        \
            return;                                                                                                    \
        }                                                                                                              \
        _Alignas(64) float as[AB * PB + VW];                                                                           \
        _Alignas(64) float bs[PB * BW];                                                                                \
        if (p == 0 && !accumulate)                                                                                     \
            for (size_t r = 0; r < i; r++) memset(c + r * ldc, 0, j * sizeof(float));                                  \
        for (size_t r0 = 0; r0 < i; r0 += AB) {                                                                        \
            size_t rows = i - r0 < AB ? i - r0 : AB;                                                                   \
            for (size_t p0 = 0; p0 < p; p0 += PB) {                                                                    \
                size_t depth = p - p0 < PB ? p - p0 : PB;                                                              \
                pack_left(as, a + r0 * row + p0 * column, row, column, rows, depth);                                   \
                for (size_t j0 = 0; j0 < j; j0 += BW) {                                                                \
                    NAME##_pack(bs, b + p0 * ldb + j0, ldb, j - j0, depth);                                            \
                    for (size_t r = 0; r < rows; r += AR)                                                              \
                        block(c + (r0 + r) * ldc + j0, ldc, as + r * PB, bs, depth, rows - r, j - j0,                  \
                              p0 == 0 && !accumulate);                                                                 \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

MATMUL_ADD(matmul_add_f32, float, load, SAME)
MATMUL_ADD(matmul_add_bf16, uint16_t, load_bf16, WIDEN1)
