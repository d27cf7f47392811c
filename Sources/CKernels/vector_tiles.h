// Products of bfloat16 in tiles; included by vector_level.h for levels whose vectors have 16 floats and that have tiles.
//
// A tile has 16 rows of 64 bytes. One instruction multiplies 16 rows of 16 pairs with 16 columns of 16 pairs: of each output
// the products of the even numbers are summed in order, and those of the odd ones, and the sum of both is added to what was
// there. Ends of sums are padded with zeros. So an output's bits depend on K alone, whichever row and column of a tile it is.
//
// Tiles 0 to 3 are outputs, 2 × 2 of them; 4 and 5 are rows, 6 and 7 columns.

// The rows and columns of outputs that are computed at a time, and the pairs of rows that are laid out for that at a time.
#define TILE_SIDE 32
#define TILE_DEPTH 256
// The steps that memory takes to answer.
#define TILE_AHEAD 8

#if defined(TILES_AMX)
#include <immintrin.h>
#define tile_zero(C) _tile_zero(C)
#define tile_load(T, FROM, STRIDE) _tile_loadd(T, FROM, STRIDE)
#define tile_store(T, TO, STRIDE) _tile_stored(T, TO, STRIDE)
#define tile_dots(C, A, B) _tile_dpbf16ps(C, A, B)

// The shapes of tiles as the processor wants to know them.
typedef struct tile_shapes {
    uint8_t palette, first_row, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_shapes;

// From here to tiles_end outputs and columns are `columns` wide.
INLINE void tiles_begin(int columns) {
    tile_shapes shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        shapes.rows[i] = 16;
        shapes.bytes[i] = (uint16_t)(i == 4 || i == 5 ? 64 : 4 * columns);
    }
    _tile_loadconfig(&shapes);
}
INLINE void tiles_end(void) { _tile_release(); }
#else
// The same without the instructions, so that tests can run these sources anywhere.
static _Thread_local struct {
    int columns;
    float number[8][16][16];
} tiles;

INLINE void tiles_begin(int columns) {
    memset(&tiles, 0, sizeof tiles);
    tiles.columns = columns;
}
INLINE void tiles_end(void) {}
INLINE void tile_zero(int c) { memset(tiles.number[c], 0, sizeof tiles.number[c]); }
INLINE size_t tile_bytes(int t) { return t == 4 || t == 5 ? 64 : 4 * (size_t)tiles.columns; }
INLINE void tile_load(int t, const void *from, size_t stride) {
    for (int i = 0; i < 16; i++) memcpy(tiles.number[t][i], (const char *)from + i * stride, tile_bytes(t));
}
INLINE void tile_store(int t, void *to, size_t stride) {
    for (int i = 0; i < 16; i++) memcpy((char *)to + i * stride, tiles.number[t][i], tile_bytes(t));
}
INLINE float half_of(float pair, int odd) {
    uint32_t bits;
    memcpy(&bits, &pair, 4);
    bits = odd ? bits & 0xFFFF0000u : bits << 16;
    memcpy(&pair, &bits, 4);
    return pair;
}
static void tile_dots(int c, int a, int b) {
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < tiles.columns; j++) {
            float sums[2] = {0, 0};
            for (int q = 0; q < 16; q++)
                for (int odd = 0; odd < 2; odd++)
                    sums[odd] += half_of(tiles.number[a][i][q], odd) * half_of(tiles.number[b][q][j], odd);
            tiles.number[c][i][j] += sums[0] + sums[1];
        }
}
#endif

// Adds `steps` times 16 pairs to the outputs: of 32 rows if `high`, else 16, and of 32 columns if `wide`. Strides are in
// bytes. If `ahead` is not 0, rows that memory must bring are asked for some steps before, and behind their ends those that
// begin so many bytes further on.
INLINE void tile_steps(const void *a, size_t lda, const void *b, size_t ldb, size_t steps, const int high, const int wide,
                       const size_t ahead) {
    const char *rows = a, *columns = b;
    for (size_t s = 0; s < steps; s++, rows += 64, columns += 16 * ldb) {
        if (ahead) {
            const char *next = s + TILE_AHEAD < steps ? rows + 64 * TILE_AHEAD
                                                      : (const char *)a + ahead + 64 * (s + TILE_AHEAD - steps);
#pragma clang loop unroll(full)
            for (int i = 0; i < (high ? 32 : 16); i++) __builtin_prefetch(next + i * lda, 0, 3);
        }
        // The second-level cache answers too late for a tile's 16 loads: its lines are asked for two steps before.
        if (ldb >= 64)
#pragma clang loop unroll(full)
            for (int i = 32; i < 48; i++) {
                __builtin_prefetch(columns + i * ldb, 0, 3);
                if (wide) __builtin_prefetch(columns + i * ldb + 64, 0, 3);
            }
        tile_load(6, columns, ldb);
        if (wide) tile_load(7, columns + 64, ldb);
        tile_load(4, rows, lda);
        tile_dots(0, 4, 6);
        if (wide) tile_dots(1, 4, 7);
        if (high) {
            tile_load(5, rows + 16 * lda, lda);
            tile_dots(2, 5, 6);
            if (wide) tile_dots(3, 5, 7);
        }
    }
}

// All of q pairs: the last ones come from copies with zeros behind them. The rows are as many as tiles have.
INLINE void tile_sums(const void *a, size_t lda, const void *b, size_t ldb, size_t q, const int high, const int wide,
                      const size_t ahead) {
    tile_steps(a, lda, b, ldb, q / 16, high, wide, ahead);
    size_t left = q % 16;
    if (!left) return;
    uint32_t rows[TILE_SIDE][16] = {{0}}, columns[16][TILE_SIDE] = {{0}};
    const char *from = (const char *)a + q / 16 * 64, *right = (const char *)b + q / 16 * 16 * ldb;
    for (int i = 0; i < (high ? 32 : 16); i++) memcpy(rows[i], from + i * lda, 4 * left);
    for (size_t p = 0; p < left; p++) memcpy(columns[p], right + p * ldb, ldb < sizeof columns[p] ? ldb : sizeof columns[p]);
    tile_steps(rows, sizeof rows[0], columns, sizeof columns[0], 1, high, wide, 0);
}

// 16 × 16 words change places.
INLINE void transpose_tile(uint32_t *to, size_t ldto, const uint32_t *from, size_t ldfrom) {
    vu rows[VW];
#pragma clang loop unroll(full)
    for (int i = 0; i < VW; i++) rows[i] = *(const vu_halves *)(from + i * ldfrom);
    transpose_words(rows);
#pragma clang loop unroll(full)
    for (int i = 0; i < VW; i++) *(vu_halves *)(to + i * ldto) = rows[i];
}

typedef uint32_t tile_rows[TILE_SIDE][TILE_DEPTH];

// Lays rows of q pairs out with zeros around them: pair p of row i is at a[i · row + p · column].
INLINE void gather_rows(tile_rows to, const uint32_t *a, size_t row, size_t column, size_t rows, size_t q) {
    if (row == 1 && rows == TILE_SIDE && q % 16 == 0) {
        for (size_t p = 0; p < q; p += 16)
            for (size_t i = 0; i < TILE_SIDE; i += 16) transpose_tile(&to[i][p], TILE_DEPTH, a + p * column + i, column);
        return;
    }
    memset(to, 0, sizeof(tile_rows));
    for (size_t i = 0; i < rows; i++)
        for (size_t p = 0; p < q; p++) to[i][p] = a[i * row + p * column];
}

// Rows of bfloat16 likewise; a missing half of the last pair is 0.
INLINE void gather_halves(tile_rows to, const uint16_t *w, size_t ldw, size_t rows, size_t k) {
    memset(to, 0, sizeof(tile_rows));
    for (size_t i = 0; i < rows; i++) memcpy(to[i], w + i * ldw, 2 * k);
}

// Calls CALL(high, wide) with constants.
#define FOR_EACH_SHAPE(HIGH, WIDE, CALL)                                                                               \
    if (HIGH) {                                                                                                        \
        if (WIDE) CALL(1, 1); else CALL(1, 0);                                                                         \
    } else {                                                                                                           \
        if (WIDE) CALL(0, 1); else CALL(0, 0);                                                                         \
    }

INLINE void tiles_outputs(float *c, size_t ldc, const int high, const int wide, const int is_load) {
#define MOVE(T, AT)                                                                                                    \
    do {                                                                                                               \
        if (is_load) tile_load(T, AT, ldc * 4); else tile_store(T, AT, ldc * 4);                                       \
    } while (0)
    MOVE(0, c);
    if (wide) MOVE(1, c + 16);
    if (high) MOVE(2, c + 16 * ldc);
    if (high && wide) MOVE(3, c + 16 * ldc + 16);
#undef MOVE
}

INLINE void tiles_zero(void) {
    tile_zero(0);
    tile_zero(1);
    tile_zero(2);
    tile_zero(3);
}

static void matmul_panels(float *c, size_t ldc, const uint32_t *a, size_t group, size_t row, size_t column,
                          const uint32_t *b, size_t panel, size_t i, size_t j, size_t q, int accumulate) {
    tile_rows copies;
    float part[TILE_SIDE][TILE_SIDE];
    tiles_begin(16);
    for (size_t start = 0; start < q || start == 0; start += TILE_DEPTH) {
        const size_t depth = q - start < TILE_DEPTH ? q - start : TILE_DEPTH;
        const int add = accumulate || start > 0;
        for (size_t m = 0; m < i; m += TILE_SIDE) {
            // The left side's groups are as high as the outputs that are computed at a time.
            const size_t rows = i - m < TILE_SIDE ? i - m : TILE_SIDE, high = rows > 16;
            const uint32_t *left = a + m / CK_PANEL_WIDTH * group + start * column;
            size_t lda = row * 4;
            if (column != 1 || rows % 16) {
                gather_rows(copies, left, row, column, rows, depth);
                left = copies[0], lda = sizeof copies[0];
            }
            for (size_t n = 0; n < j; n += TILE_SIDE) {
                const size_t columns = j - n < TILE_SIDE ? j - n : TILE_SIDE, wide = columns > 16;
                const uint32_t *right = b + n / CK_PANEL_WIDTH * panel + start * CK_PANEL_WIDTH;
                const int is_whole = rows % 16 == 0 && columns % 16 == 0;
                float *target = c + m * ldc + n, *at = is_whole ? target : part[0];
                const size_t ld = is_whole ? ldc : TILE_SIDE;
                if (!is_whole && add) {
                    memset(part, 0, sizeof part);
                    for (size_t r = 0; r < rows; r++) memcpy(part[r], target + r * ldc, 4 * columns);
                }
#define BLOCK(HIGH, WIDE)                                                                                              \
    do {                                                                                                               \
        if (add) tiles_outputs(at, ld, HIGH, WIDE, 1); else tiles_zero();                                              \
        tile_sums(left, lda, right, 4 * CK_PANEL_WIDTH, depth, HIGH, WIDE, 0);                                         \
        tiles_outputs(at, ld, HIGH, WIDE, 0);                                                                          \
    } while (0)
                FOR_EACH_SHAPE(high, wide, BLOCK)
#undef BLOCK
                if (!is_whole)
                    for (size_t r = 0; r < rows; r++) memcpy(target + r * ldc, part[r], 4 * columns);
            }
        }
    }
    tiles_end();
}

// The sums of up to 32 outputs over all of k, in the output tiles: weights are the rows of tiles. The pairs of a column of x
// are ldx bytes apart.
INLINE void tile_outputs(const uint16_t *w, size_t ldw, size_t outputs, const void *x, size_t ldx, size_t k,
                         const int high, const int wide, const size_t ahead) {
    tiles_zero();
    if (outputs % 16 == 0 && k % 2 == 0) {
        tile_sums(w, 2 * ldw, x, ldx, k / 2, high, wide, ahead);
        return;
    }
    tile_rows copies;
    uint32_t column[TILE_DEPTH];
    for (size_t p = 0; p < k; p += 2 * TILE_DEPTH) {
        const size_t depth = k - p < 2 * TILE_DEPTH ? k - p : 2 * TILE_DEPTH;
        const void *part = (const char *)x + p / 2 * ldx;
        gather_halves(copies, w + p, ldw, outputs, depth);
        // Behind the last number of a row there may be anything; panels end in zeros.
        if (ldx == 4) {
            memset(column, 0, sizeof column);
            part = memcpy(column, part, 2 * depth);
        }
        tile_sums(copies, sizeof copies[0], part, ldx, (depth + 1) / 2, high, wide, 0);
    }
}

// Each row is a column of a panel.
static void turn_rows(uint32_t *b, const float *x, size_t ldx, size_t t, size_t k) {
    for (size_t i = 0; i < t; i += CK_PANEL_WIDTH)
        panels_of_rows(b + i / CK_PANEL_WIDTH * ck_turned_words(k), x + i * ldx, ldx,
                       t - i < CK_PANEL_WIDTH ? t - i : CK_PANEL_WIDTH, k);
}

static void matmul_turned(float *y, size_t ldy, const uint32_t *x, const uint16_t *w, size_t ldw, size_t t, size_t n,
                          size_t k) {
    uint32_t sums[TILE_SIDE][TILE_SIDE], turned[16][16];
    tiles_begin(16);
    for (size_t j = 0; j < n; j += TILE_SIDE) {
        const size_t outputs = n - j < TILE_SIDE ? n - j : TILE_SIDE;
        for (size_t i = 0; i < t; i += TILE_SIDE) {
            const size_t rows = t - i < TILE_SIDE ? t - i : TILE_SIDE;
            // The first rows are those that wait for weights.
            const size_t ahead = i == 0 ? 2 * ldw * TILE_SIDE : 0;
#define BLOCK(HIGH, WIDE)                                                                                              \
    do {                                                                                                               \
        tile_outputs(w + j * ldw, ldw, outputs, x + i / CK_PANEL_WIDTH * ck_turned_words(k), 4 * CK_PANEL_WIDTH, k,   \
                     HIGH, WIDE, ahead);                                                                                         \
        tiles_outputs((float *)sums[0], TILE_SIDE, HIGH, WIDE, 0);                                                     \
    } while (0)
            FOR_EACH_SHAPE(outputs > 16, rows > 16, BLOCK)
#undef BLOCK
            for (size_t o = 0; o < outputs; o += 16)
                for (size_t r = 0; r < rows; r += 16) {
                    transpose_tile(turned[0], 16, &sums[o][r], TILE_SIDE);
                    for (size_t l = r; l < rows && l < r + 16; l++)
                        store_part(y + (i + l) * ldy + j + o, load((const float *)turned[l - r]), outputs - o);
                }
        }
    }
    tiles_end();
}

// A row of x is the only column of its tiles.
static void matmul_pairs(float *y, size_t ldy, const uint16_t *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                         size_t n, size_t k) {
    float sums[TILE_SIDE];
    tiles_begin(1);
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j += TILE_SIDE) {
            const size_t outputs = n - j < TILE_SIDE ? n - j : TILE_SIDE;
#define BLOCK(HIGH, WIDE)                                                                                              \
    do {                                                                                                               \
        tile_outputs(w + j * ldw, ldw, outputs, x + i * ldx, 4, k, HIGH, WIDE, 2 * ldw * TILE_SIDE);                   \
        tiles_outputs(sums, 1, HIGH, WIDE, 0);                                                                         \
    } while (0)
            FOR_EACH_SHAPE(outputs > 16, 0, BLOCK)
#undef BLOCK
            memcpy(y + i * ldy + j, sums, 4 * outputs);
        }
    tiles_end();
}
