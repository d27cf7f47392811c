// c = a · b or c += a · b for few rows of c; included by vector_matmul_add.h, which has the order of sums.

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

#define MATMUL_ADD_FEW(NAME, WEIGHT, LOAD, WIDEN)                                                                      \
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
    }
