// Forward products for one level; included by vector_level.h.
//
// Both operands lie with K contiguous, so an output is a dot product: VW partial sums over k ≡ lane (mod VW),
// added by sum_lanes4's tree, then the K mod VW last terms one by one. That order depends on K alone. A tile of MR × 4
// outputs shares its loads. One row (decoding) is a tile of 1 × 8 whose weights lie an eighth of the matrix apart: eight
// long straight reads keep the memory busier than eight neighbouring rows.

// The bytes that each of these reads is asked for ahead: 5 to 8 % on Zen 3 with AVX2; not measured elsewhere.
#define STREAM_AHEAD (VW == 8 ? 512 : 0)

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
                if (STREAM_AHEAD && groups == 2)                                                                       \
                    __builtin_prefetch((const char *)(w + j * ldw + p) + STREAM_AHEAD);                                \
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
