// Products of one row of activations, as in decoding; included by vector_packed.h.
//
// Each weight is used once, so memory sets the pace. Its sums stay in registers, and an activation is spread once for several
// panels, which lie as far apart as possible: a processor that reads ahead does so for each of them.

// Panels that are read at once, and the bytes that each is asked for ahead. Measured on Zen 3 with AVX2, where one, two and four
// straight reads gave 17, 21 and 26 GB/s of 26, and on Zen 5 with AVX-512, where one gives all there is.
#define ROW_STREAMS (VW == 8 ? 4 : 1)
#define ROW_AHEAD (VW == 8 ? 1024 : 6144)

// n outputs of each of some panels, which are `next` bytes apart, and their outputs `apart`.
INLINE void packed_row_panels(const ck_quantization type, float *y, size_t apart, const ck_activations *x, size_t ldx,
                              const uint8_t *panel, size_t next, const int panels, size_t n, size_t k) {
    const ck_packing p = ck_packing_of(type);
    const size_t size = ck_packed_block(p), stride = ck_packed_step(p), blocks = k / CK_STEP / p.steps;
    vf sums[ROW_STREAMS][PARTS];
#pragma clang loop unroll(full)
    for (int m = 0; m < panels; m++)
#pragma clang loop unroll(full)
        for (int part = 0; part < PARTS; part++) sums[m][part] = (vf){};
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *block = panel + b * size, *at = block + (p.has_minimum ? 64 : 32);
        for (int j = 0; j < p.steps; j++, at += stride, x += ldx) {
            const spread a = spread_of(type, x);
#pragma clang loop unroll(full)
            for (int m = 0; m < panels; m++) {
#pragma clang loop unroll(full)
                for (size_t line = 0; line < stride; line += 64) __builtin_prefetch(at + m * next + ROW_AHEAD + line);
#pragma clang loop unroll(full)
                for (int part = 0; part < PARTS; part++) {
                    const step s = unpack(type, block + m * next, at + m * next, part);
                    sums[m][part] = add_step(type, sums[m][part], &s, &a);
                }
            }
        }
    }
#pragma clang loop unroll(full)
    for (int m = 0; m < panels; m++)
#pragma clang loop unroll(full)
        for (int part = 0; part < PARTS; part++)
            if (n > (size_t)part * VW) store_part(y + m * apart + part * VW, sums[m][part], n - part * VW);
}

INLINE void packed_row(const ck_quantization type, float *y, const ck_activations *x, size_t ldx, const uint8_t *panels,
                       size_t panel, size_t n, size_t k) {
    const size_t part = n / CK_PANEL / ROW_STREAMS;
    for (size_t j = 0; j < part; j++)
        packed_row_panels(type, y + j * CK_PANEL, part * CK_PANEL, x, ldx, panels + j * panel, part * panel, ROW_STREAMS,
                          CK_PANEL, k);
    for (size_t j = part * ROW_STREAMS * CK_PANEL; j < n; j += CK_PANEL)
        packed_row_panels(type, y + j, 0, x, ldx, panels + j / CK_PANEL * panel, 0, 1, n - j, k);
}
