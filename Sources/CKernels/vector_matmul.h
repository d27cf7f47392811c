// Products for one level; included by vector_level.h.
//
// Forward: both operands lie with K contiguous, so an output is a dot product: VW partial sums over k ≡ lane (mod VW),
// added by sum_lanes4's tree, then the K mod VW last terms one by one. That order depends on K alone. A tile of MR × 4
// outputs shares its loads. One row (decoding) is a tile of 1 × 8 whose weights lie an eighth of the matrix apart: eight
// long straight reads keep the memory busier than eight neighbouring rows.

// Narrow weights that several tiles use are widened once, four outputs at a time; the sums are the same.
#define WIDE_LIMIT 4096

#define MATMUL(NAME, WEIGHT, LOAD, WIDEN, WIDE)                                                                        \
    INLINE void NAME##_tile(float *y, size_t ldy, size_t step, const float *x, size_t ldx, const WEIGHT *w,            \
                            size_t ldw, size_t k, const int mr, const int groups, const int nr) {                     \
        vf acc[MR][8];                                                                                                 \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < mr; i++)                                               \
            _Pragma("clang loop unroll(full)") for (int j = 0; j < 4 * groups; j++) acc[i][j] = (vf){};                \
        size_t end = k - k % VW;                                                                                       \
        for (size_t p = 0; p < end; p += VW) {                                                                         \
            vf xs[MR];                                                                                                 \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < mr; i++) xs[i] = load(x + i * ldx + p);            \
            _Pragma("clang loop unroll(full)") for (int j = 0; j < 4 * groups; j++) {                                 \
                if (j >= nr) continue;                                                                                 \
                vf ws = LOAD(w + j * ldw + p);                                                                         \
                _Pragma("clang loop unroll(full)") for (int i = 0; i < mr; i++) acc[i][j] =                           \
                    fma_(xs[i], ws, acc[i][j]);                                                                        \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < mr; i++)                                               \
            _Pragma("clang loop unroll(full)") for (int g = 0; g < groups; g++) {                                     \
            v4 sums = sum_lanes4(acc[i][4 * g], acc[i][4 * g + 1], acc[i][4 * g + 2], acc[i][4 * g + 3]);              \
            _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; j++) {                                          \
                int n = 4 * g + j;                                                                                     \
                if (n >= nr) continue;                                                                                 \
                float s = sums[j];                                                                                     \
                for (size_t p = end; p < k; p++) s = __builtin_fmaf(x[i * ldx + p], WIDEN(w[n * ldw + p]), s);         \
                y[i * ldy + n * step] = s;                                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    INLINE void NAME##_rows(float *y, size_t ldy, const float *x, size_t ldx, const WEIGHT *w, size_t ldw, size_t t,   \
                            size_t k, const int nr) {                                                                 \
        size_t i = 0;                                                                                                  \
        for (; i + MR <= t; i += MR) NAME##_tile(y + i * ldy, ldy, 1, x + i * ldx, ldx, w, ldw, k, MR, 1, nr);         \
        for (; i + 2 <= t; i += 2) NAME##_tile(y + i * ldy, ldy, 1, x + i * ldx, ldx, w, ldw, k, 2, 1, nr);            \
        for (; i < t; i++) NAME##_tile(y + i * ldy, ldy, 1, x + i * ldx, ldx, w, ldw, k, 1, 1, nr);                    \
    }                                                                                                                  \
    static void NAME(float *y, size_t ldy, const float *x, size_t ldx, const WEIGHT *w, size_t ldw, size_t t, size_t n, \
                     size_t k) {                                                                                       \
        size_t j = 0;                                                                                                  \
        if (t == 1) {                                                                                                  \
            size_t part = n / 8;                                                                                       \
            for (; j < part; j++) NAME##_tile(y + j, ldy, part, x, ldx, w + j * ldw, part * ldw, k, 1, 2, 8);          \
            j = 8 * part;                                                                                              \
        }                                                                                                              \
        for (; j + 4 <= n; j += 4) {                                                                                   \
            if (WIDE && t >= 2 * MR && k <= WIDE_LIMIT) {                                                              \
                _Alignas(64) float wide[WIDE ? 4 * WIDE_LIMIT : 1];                                                    \
                for (size_t q = 0; q < 4; q++) {                                                                       \
                    const WEIGHT *from = w + (j + q) * ldw;                                                            \
                    float *to = wide + q * k;                                                                          \
                    size_t p = 0;                                                                                      \
                    for (; p + VW <= k; p += VW) store(to + p, LOAD(from + p));                                        \
                    for (; p < k; p++) to[p] = WIDEN(from[p]);                                                         \
                }                                                                                                      \
                matmul_f32_rows(y + j, ldy, x, ldx, wide, k, t, k, 4);                                                 \
            } else {                                                                                                   \
                NAME##_rows(y + j, ldy, x, ldx, w + j * ldw, ldw, t, k, 4);                                            \
            }                                                                                                          \
        }                                                                                                              \
        for (; j < n; j++) NAME##_rows(y + j, ldy, x, ldx, w + j * ldw, ldw, t, k, 1);                                 \
    }

#define SAME(x) (x)
#define HALF1(x) ((float)(union { uint16_t u; _Float16 h; }){.u = (x)}.h)
#define WIDEN1(x) ((union { uint32_t u; float f; }){.u = (uint32_t)(x) << 16}.f)
MATMUL(matmul_f32, float, load, SAME, 0)
MATMUL(matmul_bf16, uint16_t, load_bf16, WIDEN1, 1)
MATMUL(matmul_f16, uint16_t, load_f16, HALF1, 1)

// Backward: c[i, j] is summed over p in order, whatever the blocks. Blocks of b and of a are copied together first, so
// that the inner loop reads memory in a straight line: b as panels [p][2·VW], a as panels [p][AR].
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

// One row of c (decoding) uses each element of b once: a few rows of b, as many bytes as AHEAD or eight rows, are read in
// strips of eight vectors, with the part of c that belongs to a strip in registers, and each strip asks for what stands below
// it. So memory is read nearly in a straight line and evenly over time. The order of sums is the same. What is asked for
// goes into the second-level cache: the first can wait for too few lines at once to keep up with memory.
#define AHEAD 4096

// A few rows (several sequences in one step) are not worth a copy of b: FEW rows of c share each vector of b, as many rows of
// b at a time as stay in the first-level cache.
#if VW == 16
#define FEW 8
#else
#define FEW 4
#endif
#define FEW_LIMIT 32
#define FEW_BYTES 16384

#define MATMUL_ADD(NAME, WEIGHT, LOAD, WIDEN)                                                                          \
    INLINE void NAME##_strip(float *c, const float *a, size_t column, const WEIGHT *b, size_t ldb, size_t p,           \
                             const int vectors, int accumulate, size_t ahead) {                                       \
        vf sum[8];                                                                                                     \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) sum[v] =                                 \
            accumulate ? load(c + v * VW) : (vf){};                                                                    \
        for (size_t q = 0; q < p; q++) {                                                                               \
            const WEIGHT *from = b + q * ldb;                                                                          \
            _Pragma("clang loop unroll(full)") for (size_t line = 0; line < (size_t)vectors * VW * sizeof(WEIGHT);     \
                                                    line += 64)                                                        \
                __builtin_prefetch((const char *)(from + ahead) + line, 0, 2);                                         \
            vf s = splat(a[q * column]);                                                                               \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) sum[v] =                             \
                fma_(s, LOAD(from + v * VW), sum[v]);                                                                  \
        }                                                                                                              \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) store(c + v * VW, sum[v]);               \
    }                                                                                                                  \
    static void NAME##_row(float *c, const float *a, size_t column, const WEIGHT *b, size_t ldb, size_t j, size_t p,   \
                           int accumulate) {                                                                          \
        size_t rows = AHEAD / (ldb * sizeof(WEIGHT) + 1), block = rows < 8 ? 8 : rows;                                 \
        if (p == 0 && !accumulate) memset(c, 0, j * sizeof(float));                                                    \
        for (size_t q = 0; q < p; q += block, accumulate = 1) {                                                        \
            const float *x = a + q * column;                                                                           \
            const WEIGHT *m = b + q * ldb;                                                                             \
            size_t j0 = 0, depth = p - q < block ? p - q : block;                                                      \
            for (; j0 + 8 * VW <= j; j0 += 8 * VW)                                                                     \
                NAME##_strip(c + j0, x, column, m + j0, ldb, depth, 8, accumulate, block * ldb);                       \
            for (; j0 + 4 * VW <= j; j0 += 4 * VW)                                                                     \
                NAME##_strip(c + j0, x, column, m + j0, ldb, depth, 4, accumulate, block * ldb);                       \
            for (; j0 + VW <= j; j0 += VW) NAME##_strip(c + j0, x, column, m + j0, ldb, depth, 1, accumulate, block * ldb); \
            for (; j0 < j; j0++) {                                                                                     \
                float sum = accumulate ? c[j0] : 0;                                                                    \
                for (size_t k = 0; k < depth; k++) sum = __builtin_fmaf(x[k * column], WIDEN(m[k * ldb + j0]), sum);   \
                c[j0] = sum;                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    INLINE void NAME##_part(float *c, size_t ldc, const float *a, size_t row, size_t column, const WEIGHT *b,          \
                            size_t ldb, size_t p, const int rows, const int vectors, int accumulate, size_t ahead) {   \
        vf sum[FEW][2];                                                                                                \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)                                             \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) sum[r][v] =                          \
                accumulate ? load(c + r * ldc + v * VW) : (vf){};                                                      \
        for (size_t q = 0; q < p; q++) {                                                                               \
            const WEIGHT *from = b + q * ldb;                                                                          \
            if (ahead) __builtin_prefetch(from + ahead, 0, 2);                                                         \
            vf weights[2];                                                                                             \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) weights[v] = LOAD(from + v * VW);    \
            _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++) {                                       \
                vf s = splat(a[r * row + q * column]);                                                                 \
                _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) sum[r][v] =                      \
                    fma_(s, weights[v], sum[r][v]);                                                                    \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < rows; r++)                                             \
            _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++)                                      \
                store(c + r * ldc + v * VW, sum[r][v]);                                                                \
    }                                                                                                                  \
    INLINE void NAME##_columns(float *c, size_t ldc, const float *a, size_t row, size_t column, const WEIGHT *b,       \
                               size_t ldb, size_t j, size_t p, const int rows, int accumulate, size_t ahead) {         \
        size_t j0 = 0;                                                                                                 \
        for (; j0 + 2 * VW <= j; j0 += 2 * VW)                                                                         \
            NAME##_part(c + j0, ldc, a, row, column, b + j0, ldb, p, rows, 2, accumulate, ahead);                      \
        for (; j0 + VW <= j; j0 += VW)                                                                                 \
            NAME##_part(c + j0, ldc, a, row, column, b + j0, ldb, p, rows, 1, accumulate, ahead);                      \
        for (; j0 < j; j0++)                                                                                           \
            for (size_t r = 0; r < (size_t)rows; r++) {                                                                \
                float sum = accumulate ? c[r * ldc + j0] : 0;                                                          \
                for (size_t q = 0; q < p; q++)                                                                         \
                    sum = __builtin_fmaf(a[r * row + q * column], WIDEN(b[q * ldb + j0]), sum);                        \
                c[r * ldc + j0] = sum;                                                                                 \
            }                                                                                                          \
    }                                                                                                                  \
    static void NAME##_few(float *c, size_t ldc, const float *a, size_t row, size_t column, const WEIGHT *b,           \
                           size_t ldb, size_t i, size_t j, size_t p, int accumulate) {                                 \
        size_t fit = FEW_BYTES / (ldb * sizeof(WEIGHT) + 1), deep = fit < 16 ? 16 : fit;                               \
        if (p == 0 && !accumulate)                                                                                     \
            for (size_t r = 0; r < i; r++) memset(c + r * ldc, 0, j * sizeof(float));                                  \
        for (size_t q = 0; q < p; q += deep, accumulate = 1) {                                                         \
            const float *x = a + q * column;                                                                           \
            const WEIGHT *m = b + q * ldb;                                                                             \
            size_t r = 0, depth = p - q < deep ? p - q : deep;                                                         \
            for (; r + FEW <= i; r += FEW)                                                                             \
                NAME##_columns(c + r * ldc, ldc, x + r * row, row, column, m, ldb, j, depth, FEW, accumulate,          \
                               r == 0 ? deep * ldb : 0);                                                               \
            for (; r + 2 <= i; r += 2)                                                                                 \
                NAME##_columns(c + r * ldc, ldc, x + r * row, row, column, m, ldb, j, depth, 2, accumulate,            \
                               r == 0 ? deep * ldb : 0);                                                               \
            for (; r < i; r++)                                                                                         \
                NAME##_columns(c + r * ldc, ldc, x + r * row, row, column, m, ldb, j, depth, 1, accumulate, 0);        \
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
        _Alignas(64) float as[AB * PB];                                                                                \
        _Alignas(64) float bs[PB * BW];                                                                                \
        if (p == 0 && !accumulate)                                                                                     \
            for (size_t r = 0; r < i; r++) memset(c + r * ldc, 0, j * sizeof(float));                                  \
        for (size_t r0 = 0; r0 < i; r0 += AB) {                                                                        \
            size_t rows = i - r0 < AB ? i - r0 : AB;                                                                   \
            for (size_t p0 = 0; p0 < p; p0 += PB) {                                                                    \
                size_t depth = p - p0 < PB ? p - p0 : PB;                                                              \
                for (size_t r = 0; r < rows; r += AR)                                                                  \
                    for (size_t q = 0; q < depth; q++)                                                                 \
                        for (size_t s = 0; s < AR; s++)                                                                \
                            as[r * PB + q * AR + s] =                                                                  \
                                r + s < rows ? a[(r0 + r + s) * row + (p0 + q) * column] : 0;                          \
                for (size_t j0 = 0; j0 < j; j0 += BW) {                                                                \
                    size_t columns = j - j0 < BW ? j - j0 : BW;                                                        \
                    for (size_t q = 0; q < depth; q++) {                                                               \
                        const WEIGHT *source = b + (p0 + q) * ldb + j0;                                                \
                        if (columns == BW) {                                                                           \
                            store(bs + q * BW, LOAD(source));                                                          \
                            store(bs + q * BW + VW, LOAD(source + VW));                                                \
                        } else {                                                                                       \
                            for (size_t s = 0; s < BW; s++) bs[q * BW + s] = s < columns ? WIDEN(source[s]) : 0;       \
                        }                                                                                              \
                    }                                                                                                  \
                    for (size_t r = 0; r < rows; r += AR)                                                              \
                        block(c + (r0 + r) * ldc + j0, ldc, as + r * PB, bs, depth, rows - r, columns,                 \
                              p0 == 0 && !accumulate);                                                                 \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

MATMUL_ADD(matmul_add_f32, float, load, SAME)
MATMUL_ADD(matmul_add_bf16, uint16_t, load_bf16, WIDEN1)
