// Products with packed quantised weights; CKPacked.h has the layout. Included by vector_level.h.
//
// A panel's step of integers is unpacked into registers once, and every row of activations is multiplied with it there.
// Sums over a step are exact integers; the steps' sums are added in their order. So an output's bits depend on K alone, and
// are the same at every level.
#include "include/CKPacked.h"
#include "vector_bytes.h"
#include "vector_packed_step.h"
#include "vector_packed_row.h"
#if FOLDS
#include "vector_packed_spread.h"
#endif

// The bytes that panels are asked for ahead. They must not drive activations of many rows out of the first-level cache.
// Measured on Zen 5 with AVX-512 and on Zen 3 with AVX2, which reads by a tenth more slowly with 6144.
#define PACKED_AHEAD(PANELS) (VW == 8 ? 2048 : (PANELS) == 1 ? 6144 : 4096)
// The panels whose steps fit in registers together, so that an activation is spread once for all of them.
#define PACKED_PANELS (VW == 16 ? 2 : 1)
// The rows whose sums are kept at hand while a panel is read.
#define PACKED_ROWS 64

// The first n outputs of t rows, each of which has `vectors` sums.
INLINE void store_sums(float *y, size_t ldy, const vf *sums, size_t t, size_t n, const int vectors) {
    for (size_t i = 0; i < t; i++)
#pragma clang loop unroll(full)
        for (int part = 0; part < vectors; part++)
            if (n > (size_t)part * VW) store_part(y + i * ldy + part * VW, sums[i * vectors + part], n - part * VW);
}

// The outputs of `panels` panels, which are `next` bytes apart.
INLINE void packed_rows(const ck_quantization type, float *y, size_t ldy, const ck_activations *x, size_t ldx,
                        const uint8_t *panel, size_t next, const int panels, size_t t, size_t n, size_t k) {
    const ck_packing p = ck_packing_of(type);
    const size_t size = ck_packed_block(p), stride = ck_packed_step(p), blocks = k / CK_STEP / p.steps;
    const int vectors = panels * PARTS;
    vf sums[PACKED_ROWS * PACKED_PANELS * PARTS];
    for (size_t i = 0; i < t * vectors; i++) sums[i] = (vf){};
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *block = panel + b * size, *at = block + (p.has_minimum ? 64 : 32);
        for (int j = 0; j < p.steps; j++, at += stride, x += ldx) {
            // Memory answers late: what is needed soon is asked for now. Behind the end of a panel it is that of the next panels.
            const size_t ahead = PACKED_AHEAD(panels);
            const size_t skip = (size_t)(at - panel) + ahead < next ? 0 : (panels - 1) * next;
#pragma clang loop unroll(full)
            for (int m = 0; m < panels; m++)
#pragma clang loop unroll(full)
                for (size_t line = 0; line < stride; line += 64)
                    __builtin_prefetch(at + m * next + skip + ahead + line);
#pragma clang loop unroll(full)
            for (int part = 0; part < PARTS; part++) {
                step s[PACKED_PANELS];
#pragma clang loop unroll(full)
                for (int m = 0; m < panels; m++) s[m] = unpack(type, block + m * next, at + m * next, part);
                for (size_t i = 0; i < t; i++) {
                    const spread a = spread_of(type, x + i);
#pragma clang loop unroll(full)
                    for (int m = 0; m < panels; m++) {
                        vf *sum = &sums[i * vectors + m * PARTS + part];
                        *sum = add_step(type, *sum, &s[m], &a);
                    }
                }
            }
        }
    }
    store_sums(y, ldy, sums, t, n, vectors);
}

INLINE void packed_product(const ck_quantization type, float *y, size_t ldy, const ck_activations *x, size_t ldx,
                           const uint8_t *panels, size_t t, size_t n, size_t k) {
    const ck_packing p = ck_packing_of(type);
    const size_t panel = k / CK_STEP / p.steps * ck_packed_block(p);
#if FOLDS
    if (p.bits < 8 && t >= SPREAD_LEAST) {
        spread_product(type, y, ldy, x, ldx, panels, panel, t, n, k);
        return;
    }
#endif
    if (t == 1) {
        packed_row(type, y, x, ldx, panels, panel, n, k);
        return;
    }
    for (size_t i = 0; i < t; i += PACKED_ROWS)
        for (size_t j = 0, room; j < n; j += room) {
            const size_t left = n - j, rows = t - i < PACKED_ROWS ? t - i : PACKED_ROWS;
            // A few rows wait for memory, which likes one straight read better.
            const int is_wide = rows >= 8 && left > CK_PANEL;
            room = (is_wide ? PACKED_PANELS : 1) * CK_PANEL;
#define ROWS(PANELS, COUNT)                                                                                            \
    packed_rows(type, y + i * ldy + j, ldy, x + i, ldx, panels + j / CK_PANEL * panel, panel, PANELS, COUNT,           \
                left < room ? left : room, k)
            if (is_wide)
                ROWS(PACKED_PANELS, rows);
            else
                ROWS(1, rows);
#undef ROWS
        }
}

// A switch turns the type into a constant: the compiler makes a product of its own of each.
#define FOR_EACH_TYPE(CALL)                                                                                            \
    switch (type) {                                                                                                    \
    case CK_Q4_0: CALL(CK_Q4_0); break;                                                                                \
    case CK_Q4_1: CALL(CK_Q4_1); break;                                                                                \
    case CK_Q5_0: CALL(CK_Q5_0); break;                                                                                \
    case CK_Q5_1: CALL(CK_Q5_1); break;                                                                                \
    case CK_Q8_0: CALL(CK_Q8_0); break;                                                                                \
    case CK_Q4_K: CALL(CK_Q4_K); break;                                                                                \
    case CK_Q5_K: CALL(CK_Q5_K); break;                                                                                \
    case CK_Q6_K: CALL(CK_Q6_K); break;                                                                                \
    }

static void matmul_packed(ck_quantization type, float *y, size_t ldy, const ck_activations *x, size_t ldx,
                          const uint8_t *panels, size_t t, size_t n, size_t k) {
#define PRODUCT(TYPE) packed_product(TYPE, y, ldy, x, ldx, panels, t, n, k)
    FOR_EACH_TYPE(PRODUCT)
#undef PRODUCT
}
