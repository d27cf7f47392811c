// Packed quantised weights in plain C; included by level_scalar.c. CKPacked.h has the layout.

static float half(const uint8_t *p) {
    uint16_t x;
    memcpy(&x, p, 2);
    int exponent = x >> 10 & 31, fraction = x & 1023;
    float size = exponent == 0    ? ldexpf((float)fraction, -24)
                 : exponent == 31 ? (fraction ? NAN : INFINITY)
                                  : ldexpf((float)(fraction + 1024), exponent - 25);
    return x >> 15 ? -size : size;
}

// Integer i of a step of one output.
static int packed_integer(ck_packing p, const uint8_t *q, size_t lane, int i) {
    int g = i / 4;
    const uint8_t *at = q + 4 * lane + i % 4;
    if (p.bits == 8) return (int8_t)at[64 * g];
    int value = g < 4 ? at[64 * g] & 15 : at[64 * (g - 4)] >> 4;
    if (p.bits == 5) value |= (at[256] >> g & 1) << 4;
    if (p.bits == 6) value |= (at[256 + g / 4 * 64] >> 2 * (g % 4) & 3) << 4;
    return value - p.offset;
}

// The scales of a step of one output (of each half) and what is added to its weights.
typedef struct packed_scales {
    float scale[2], minimum;
} packed_scales;

static packed_scales packed_scales_at(ck_quantization type, const uint8_t *block, const uint8_t *step, size_t lane) {
    ck_packing p = ck_packing_of(type);
    float d = half(block + 2 * lane), m = p.has_minimum ? half(block + 32 + 2 * lane) : 0;
    if (type == CK_Q6_K)
        return (packed_scales){{d * (float)(int8_t)step[lane], d * (float)(int8_t)step[16 + lane]}, 0};
    if (p.step_scales) {
        float scale = d * (float)step[lane];
        return (packed_scales){{scale, scale}, -(m * (float)step[16 + lane])};
    }
    return (packed_scales){{d, d}, m};
}

static void matmul_packed(ck_quantization type, float *y, size_t ldy, const ck_activations *x, size_t ldx,
                          const uint8_t *panels, size_t t, size_t n, size_t k) {
    ck_packing p = ck_packing_of(type);
    size_t blocks = k / CK_STEP / (size_t)p.steps, size = ck_packed_block(p), stride = ck_packed_step(p);
    for (size_t i = 0; i < t; i++)
        for (size_t j = 0; j < n; j++) {
            const uint8_t *panel = panels + j / CK_PANEL * blocks * size;
            size_t lane = j % CK_PANEL;
            float sum = 0;
            for (size_t s = 0; s < k / CK_STEP; s++) {
                const uint8_t *block = panel + s / (size_t)p.steps * size;
                const uint8_t *step = block + (p.has_minimum ? 64 : 32) + s % (size_t)p.steps * stride;
                const ck_activations *a = x + s * ldx + i;
                packed_scales scales = packed_scales_at(type, block, step, lane);
                int dots[2] = {0, 0};
                for (int l = 0; l < CK_STEP; l++)
                    dots[l / 16] += packed_integer(p, step + p.step_scales, lane, l) * a->q[l];
                if (type == CK_Q6_K) {
                    float halves = fmaf((float)dots[1], scales.scale[1], (float)dots[0] * scales.scale[0]);
                    sum = fmaf(halves, a->scale, sum);
                    continue;
                }
                sum = fmaf((float)(dots[0] + dots[1]), scales.scale[0] * a->scale, sum);
                if (p.has_minimum) sum = fmaf(scales.minimum, a->scaled_sum, sum);
            }
            y[i * ldy + j] = sum;
        }
}

static void matmul_packed_exact(ck_quantization type, float *y, size_t ldy, const float *x, size_t ldx,
                                const uint8_t *panels, size_t t, size_t n, size_t k) {
    ck_packing p = ck_packing_of(type);
    size_t blocks = k / CK_STEP / (size_t)p.steps, size = ck_packed_block(p), stride = ck_packed_step(p);
    for (size_t j = 0; j < n; j++) {
        const uint8_t *panel = panels + j / CK_PANEL * blocks * size;
        size_t lane = j % CK_PANEL;
        for (size_t i = 0; i < t; i++) y[i * ldy + j] = 0;
        for (size_t s = 0; s < k / CK_STEP; s++) {
            const uint8_t *block = panel + s / (size_t)p.steps * size;
            const uint8_t *step = block + (p.has_minimum ? 64 : 32) + s % (size_t)p.steps * stride;
            packed_scales scales = packed_scales_at(type, block, step, lane);
            for (int l = 0; l < CK_STEP; l++) {
                float w = (float)packed_integer(p, step + p.step_scales, lane, l) * scales.scale[l / 16];
                if (p.has_minimum) w += scales.minimum;
                for (size_t i = 0; i < t; i++)
                    y[i * ldy + j] = fmaf(x[i * ldx + s * CK_STEP + (size_t)l], w, y[i * ldy + j]);
            }
        }
    }
}

static void quantize_rows(ck_activations *a, size_t lda, const float *x, size_t ldx, size_t t, size_t k) {
    for (size_t i = 0; i < t; i++)
        for (size_t s = 0; s < k / CK_STEP; s++) {
            const float *from = x + i * ldx + s * CK_STEP;
            ck_activations *to = a + s * lda + i;
            float limit = 0;
            int broken = 0;
            for (int l = 0; l < CK_STEP; l++) {
                broken |= !isfinite(from[l]);
                limit = fmaxf(limit, fabsf(from[l]));
            }
            float inverse = limit > 1e-36f && !broken ? 127 / limit : 0;
            int sums[2] = {0, 0};
            for (int l = 0; l < CK_STEP; l++) {
                to->q[l] = broken ? 0 : (int8_t)rintf(from[l] * inverse);
                sums[l / 16] += to->q[l];
            }
            to->scale = broken ? NAN : inverse > 0 ? limit / 127 : 0;
            to->scaled_sum = to->scale * (float)(sums[0] + sums[1]);
            to->sums[0] = sums[0];
            to->sums[1] = sums[1];
        }
}
