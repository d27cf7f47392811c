// Activations on their way into products with quantised weights; included by vector_level.h.

// Activations as bytes: scale = max |x| / 127 of each 32, q = x / scale to the nearest, ties to even.
static void quantize_rows(ck_activations *a, size_t lda, const float *x, size_t ldx, size_t t, size_t k) {
    const vf magic = splat(0x1.8p23f);
    for (size_t i = 0; i < t; i++)
        for (size_t p = 0; p < k; p += CK_STEP) {
            const float *from = x + i * ldx + p;
            ck_activations *to = a + p / CK_STEP * lda + i;
            // Without their signs, numbers are in the order of their bits, and what is no number comes after all others.
            vi most = {};
#pragma clang loop unroll(full)
            for (int l = 0; l < CK_STEP; l += VW) {
                vi size = (vi)load(from + l) & 0x7FFFFFFF;
                most = (vi)select_(size > most, (vf)size, (vf)most);
            }
            const int32_t bits = __builtin_reduce_max(most);
            const int any = bits >= 0x7F800000;
            float limit;
            memcpy(&limit, &bits, sizeof limit);
            // Too small for an inverse is as good as zero. What is no number makes none of every product.
            float inverse = limit > 1e-36f && !any ? 127 / limit : 0;
            int32_t sums[2] = {0, 0};
#pragma clang loop unroll(full)
            for (int l = 0; l < CK_STEP; l += VW) {
                vf scaled = any ? (vf){} : load(from + l) * splat(inverse);
                vi q = (vi)(scaled + magic) - (vi)magic;
                *(vslane *)(to->q + l) = __builtin_convertvector(q, vslane);
                sums[l / 16] += __builtin_reduce_add(q);
            }
            to->scale = any ? __builtin_nanf("") : inverse > 0 ? limit / 127 : 0;
            to->scaled_sum = to->scale * (float)(sums[0] + sums[1]);
            memcpy(to->sums, sums, sizeof sums);
        }
}
