// Products of pairs of bfloat16 whose right side stands in panels, for training; included by vector_level.h.
//
// A lane is a column of the right side, so that nothing is summed over lanes, and a tile's sums stay in registers however
// short the sums are. Each pair of the left side is spread over a vector as it is read.

#define PANEL_PARTS (CK_PANEL_WIDTH / VW)
// Rows and vectors of columns of a tile.
#define PANEL_ROWS (VW == 16 ? 8 : 4)
#define PANEL_VECTORS 2

INLINE void panels_tile(float *c, size_t ldc, const uint32_t *a, size_t row, size_t column, const uint32_t *b, size_t q,
                        size_t columns, int accumulate, const int mr) {
    vf acc[8][PANEL_VECTORS];
#pragma clang loop unroll(full)
    for (int i = 0; i < mr; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < PANEL_VECTORS; v++) acc[i][v] = (vf){};
    for (size_t p = 0; p < q; p++) {
        vu bs[PANEL_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < PANEL_VECTORS; v++) bs[v] = *(const vu_halves *)(b + p * CK_PANEL_WIDTH + v * VW);
#pragma clang loop unroll(full)
        for (int i = 0; i < mr; i++) {
            vu pair = a[i * row + p * column] - (vu){};
#pragma clang loop unroll(full)
            for (int v = 0; v < PANEL_VECTORS; v++) acc[i][v] = add_pairs(acc[i][v], bs[v], pair);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < mr; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < PANEL_VECTORS; v++) {
            if (columns <= (size_t)v * VW) continue;
            float *target = c + i * ldc + v * VW;
            size_t left = columns - v * VW;
            store_part(target, accumulate ? load_part(target, left) + acc[i][v] : acc[i][v], left);
        }
}

#if !defined(TILES)
static void matmul_panels(float *c, size_t ldc, const uint32_t *a, size_t group, size_t row, size_t column,
                          const uint32_t *b, size_t panel, size_t i, size_t j, size_t q, int accumulate) {
    for (size_t n = 0; n < j; n += PANEL_VECTORS * VW) {
        const uint32_t *right = b + n / CK_PANEL_WIDTH * panel + n % CK_PANEL_WIDTH;
        size_t m = 0;
#define TILE(ROWS)                                                                                                     \
    panels_tile(c + m * ldc + n, ldc, a + m / CK_PANEL_WIDTH * group + m % CK_PANEL_WIDTH * row, row, column, right, q, \
                j - n, accumulate, ROWS)
        for (; m + PANEL_ROWS <= i; m += PANEL_ROWS) TILE(PANEL_ROWS);
        for (; m < i; m++) TILE(1);
#undef TILE
    }
}
#endif

static void panels_of_columns(uint32_t *b, size_t panel, const float *x, size_t ldx, size_t t, size_t c) {
    for (size_t j = 0; j < c; j += CK_PANEL_WIDTH, b += panel) {
        uint32_t *to = b;
        for (size_t q = 0; q < t; q += 2)
            for (size_t l = j; l < j + CK_PANEL_WIDTH; l += VW, to += VW) {
                size_t left = l < c ? c - l : 0;
                const float *from = x + q * ldx + l;
                vf even = {}, odd = {};
                if (left) even = load_part(from, left);
                if (left && q + 1 < t) odd = load_part(from + ldx, left);
                *(vu_halves *)to = narrow_pairs(even, odd);
            }
    }
}

// VW pairs of each of VW rows change places.
INLINE void transpose_pairs(uint32_t *b, const float *w, size_t ldw) {
    vu rows[VW];
#pragma clang loop unroll(full)
    for (int i = 0; i < VW; i++) {
        vh halves[2] = {narrow_halves(load(w + i * ldw)), narrow_halves(load(w + i * ldw + VW))};
        memcpy(&rows[i], halves, sizeof rows[i]);
    }
    transpose_words(rows);
#pragma clang loop unroll(full)
    for (int i = 0; i < VW; i++) *(vu_halves *)(b + i * CK_PANEL_WIDTH) = rows[i];
}

static void panels_of_rows(uint32_t *b, const float *w, size_t ldw, size_t n, size_t k) {
    size_t panel = (k + 1) / 2 * CK_PANEL_WIDTH;
    for (size_t j = 0; j < n; j += VW) {
        uint32_t *to = b + j / CK_PANEL_WIDTH * panel + j % CK_PANEL_WIDTH;
        size_t p = 0;
        if (j + VW <= n)
            for (; p + 2 * VW <= k; p += 2 * VW) transpose_pairs(to + p / 2 * CK_PANEL_WIDTH, w + j * ldw + p, ldw);
        for (; p < k; p += 2) {
            vf even = {}, odd = {};
            for (size_t l = 0; l < VW && j + l < n; l++) {
                even[l] = w[(j + l) * ldw + p];
                if (p + 1 < k) odd[l] = w[(j + l) * ldw + p + 1];
            }
            *(vu_halves *)(to + p / 2 * CK_PANEL_WIDTH) = narrow_pairs(even, odd);
        }
    }
    // The panel's columns that are not there at all.
    for (size_t j = (n + VW - 1) / VW * VW; j % CK_PANEL_WIDTH; j += VW)
        for (size_t q = 0; q < (k + 1) / 2; q++)
            *(vu_halves *)(b + j / CK_PANEL_WIDTH * panel + q * CK_PANEL_WIDTH + j % CK_PANEL_WIDTH) = (vu){};
}
