// Products of many rows of activations where bytes are multiplied in pairs (FOLDS); included by vector_packed.h.
//
// There a product is held up by spreading activations over vectors, one load and one register for each four of them. Here a
// step of some rows is spread once, in memory, for all outputs of some panels, and is an operand of the products from there.
// Weights of eight bits gain nothing: their activations must be in registers, to take over the weights' signs.

// The rows whose steps, and the panels whose sums with them, stay in the first-level cache together.
#define SPREAD_ROWS (256 / VW)
#define SPREAD_PANELS 8
// The rows from which on it is faster: fewer ones wait for memory, which likes one straight read better.
#define SPREAD_LEAST 8
// The bytes that each panel is asked for ahead.
#define SPREAD_AHEAD 1024

// The n outputs of some panels, which are `next` bytes apart, of t rows.
INLINE void spread_block(const ck_quantization type, float *y, size_t ldy, const ck_activations *x, size_t ldx,
                         const uint8_t *panel, size_t next, size_t t, size_t n, size_t k) {
    const ck_packing p = ck_packing_of(type);
    const size_t size = ck_packed_block(p), stride = ck_packed_step(p), blocks = k / CK_STEP / p.steps;
    const size_t panels = (n + CK_PANEL - 1) / CK_PANEL;
    spread a[SPREAD_ROWS];
    vf sums[SPREAD_PANELS * PARTS][SPREAD_ROWS];
    for (size_t m = 0; m < panels * PARTS; m++)
        for (size_t i = 0; i < t; i++) sums[m][i] = (vf){};
    for (size_t b = 0; b < blocks; b++)
        for (int j = 0; j < p.steps; j++, x += ldx) {
            for (size_t i = 0; i < t; i++) a[i] = spread_of(type, x + i);
            for (size_t m = 0; m < panels; m++) {
                const uint8_t *block = panel + m * next + b * size, *at = block + (p.has_minimum ? 64 : 32) + j * stride;
#pragma clang loop unroll(full)
                for (size_t line = 0; line < stride; line += 64) __builtin_prefetch(at + SPREAD_AHEAD + line);
#pragma clang loop unroll(full)
                for (int part = 0; part < PARTS; part++) {
                    const step s = unpack(type, block, at, part);
                    vf *sum = sums[m * PARTS + part];
                    for (size_t i = 0; i < t; i++) sum[i] = add_step(type, sum[i], &s, &a[i]);
                }
            }
        }
    for (size_t i = 0; i < t; i++)
        for (size_t m = 0; m < panels * PARTS; m++)
            if (n > m * VW) store_part(y + i * ldy + m * VW, sums[m][i], n - m * VW);
}

INLINE void spread_product(const ck_quantization type, float *y, size_t ldy, const ck_activations *x, size_t ldx,
                           const uint8_t *panels, size_t next, size_t t, size_t n, size_t k) {
    const size_t outputs = SPREAD_PANELS * CK_PANEL;
    // The weights of a block stay in the second-level cache while all rows pass.
    for (size_t j = 0; j < n; j += outputs)
        for (size_t i = 0; i < t; i += SPREAD_ROWS)
            spread_block(type, y + i * ldy + j, ldy, x + i, ldx, panels + j / CK_PANEL * next, next,
                         t - i < SPREAD_ROWS ? t - i : SPREAD_ROWS, n - j < outputs ? n - j : outputs, k);
}
