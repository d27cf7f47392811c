// Products of packed quantised weights with activations that stay floats; included by vector_level.h.

// The weights are widened to the numbers that they stand for; products are summed in the order of k.
INLINE void exact_rows(const ck_quantization type, float *y, size_t ldy, const float *x, size_t ldx,
                       const uint8_t *panel, size_t t, size_t n, size_t k) {
    const ck_packing p = ck_packing_of(type);
    const size_t size = ck_packed_block(p), stride = ck_packed_step(p), blocks = k / CK_STEP / p.steps;
    vf sums[PACKED_ROWS * PARTS];
    for (size_t i = 0; i < t * PARTS; i++) sums[i] = (vf){};
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *block = panel + b * size, *at = block + (p.has_minimum ? 64 : 32);
        for (int j = 0; j < p.steps; j++, at += stride, x += CK_STEP) {
#pragma clang loop unroll(full)
            for (int part = 0; part < PARTS; part++) {
                step s = unpack(type, block, at, part);
                vf w[CK_STEP];
#pragma clang loop unroll(full)
                for (int g = 0; g < 8; g++)
#pragma clang loop unroll(full)
                    for (int l = 0; l < 4; l++) {
                        // Byte l of each word, with its sign.
                        vi q = (vi)((vu)s.w[g] << (24 - 8 * l)) >> 24;
                        vf value = to_float(q - p.offset) * s.scale[g / 4];
                        w[4 * g + l] = p.has_minimum ? value + s.minimum : value;
                    }
                for (size_t i = 0; i < t; i++) {
                    vf sum = sums[i * PARTS + part];
#pragma clang loop unroll(full)
                    for (int l = 0; l < CK_STEP; l++) sum = fma_(splat(x[i * ldx + l]), w[l], sum);
                    sums[i * PARTS + part] = sum;
                }
            }
        }
    }
    store_sums(y, ldy, sums, t, n, PARTS);
}

static void matmul_packed_exact(ck_quantization type, float *y, size_t ldy, const float *x, size_t ldx,
                                const uint8_t *panels, size_t t, size_t n, size_t k) {
    const ck_packing p = ck_packing_of(type);
    const size_t panel = k / CK_STEP / p.steps * ck_packed_block(p);
    for (size_t i = 0; i < t; i += PACKED_ROWS)
        for (size_t j = 0; j < n; j += CK_PANEL) {
            size_t outputs = n - j < CK_PANEL ? n - j : CK_PANEL, rows = t - i < PACKED_ROWS ? t - i : PACKED_ROWS;
#define PRODUCT(TYPE)                                                                                                  \
    exact_rows(TYPE, y + i * ldy + j, ldy, x + i * ldx, ldx, panels + j / CK_PANEL * panel, rows, outputs, k)
            FOR_EACH_TYPE(PRODUCT)
#undef PRODUCT
        }
}
