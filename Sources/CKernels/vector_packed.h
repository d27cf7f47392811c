// Products with packed quantised weights; CKPacked.h has the layout. Included by vector_level.h.
//
// A panel's step of integers is unpacked into registers once, and every row of activations is multiplied with it there.
// Sums over a step are exact integers; the steps' sums are added in their order. So an output's bits depend on K alone, and
// are the same at every level.
#include "include/CKPacked.h"
#include "vector_bytes.h"

#define PARTS (CK_PANEL / VW)
// The bytes that panels are asked for ahead. They must not drive activations of many rows out of the first-level cache.
#define PACKED_AHEAD(PANELS) ((PANELS) == 1 ? 6144 : 4096)
// The panels whose steps fit in registers together, so that an activation is spread once for all of them.
#define PACKED_PANELS (VW == 16 ? 2 : 1)
// The rows whose sums are kept at hand while a panel is read.
#define PACKED_ROWS 64

typedef uint8_t vlane __attribute__((vector_size(VW), aligned(1)));
typedef int8_t vslane __attribute__((vector_size(VW), aligned(1)));

INLINE vf load_u8(const uint8_t *p) { return __builtin_convertvector(*(const vlane *)p, vf); }
INLINE vf load_s8(const uint8_t *p) { return __builtin_convertvector(*(const vslane *)p, vf); }

// A step of VW outputs: the weights are scale[h] · (w − offset) ± minimum, h the half of the step if there are two scales.
typedef struct step {
    vub w[8];
    vf scale[2], minimum;
} step;

INLINE step unpack(const ck_quantization type, const uint8_t *block, const uint8_t *at, int part) {
    const ck_packing p = ck_packing_of(type);
    step s;
    vf d = load_f16(block + part * VW * 2);
    s.scale[0] = s.scale[1] = d;
    if (p.has_minimum) s.minimum = load_f16(block + 32 + part * VW * 2);
    if (type == CK_Q6_K) {
        s.scale[0] = d * load_s8(at + part * VW);
        s.scale[1] = d * load_s8(at + 16 + part * VW);
    } else if (p.step_scales) {
        s.scale[0] = s.scale[1] = d * load_u8(at + part * VW);
        s.minimum = -(s.minimum * load_u8(at + 16 + part * VW));
    }
    const uint8_t *q = at + p.step_scales + part * VW * 4;
    if (p.bits == 8) {
#pragma clang loop unroll(full)
        for (int g = 0; g < 8; g++) s.w[g] = load_bytes(q + 64 * g);
        return s;
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
        vub pair = load_bytes(q + 64 * j);
        s.w[j] = pair & 15;
        s.w[j + 4] = (vub)((vus)pair >> 4) & 15;
    }
    if (p.bits == 5) {
        vus plane = (vus)load_bytes(q + 256);
#pragma clang loop unroll(full)
        for (int g = 0; g < 8; g++) s.w[g] |= (vub)(g < 4 ? plane << (4 - g) : plane >> (g - 4)) & 16;
    }
    if (p.bits == 6) {
#pragma clang loop unroll(full)
        for (int g = 0; g < 8; g++) {
            vus plane = (vus)load_bytes(q + 256 + g / 4 * 64);
            int shift = 4 - 2 * (g % 4);
            s.w[g] |= (vub)(shift > 0 ? plane << shift : plane >> -shift) & 48;
        }
    }
    return s;
}

// Σ (w − offset) · q over groups first … first + count − 1.
INLINE vi integer_dots(const ck_quantization type, const step *s, const int8_t *q, int first, int count, int32_t sum) {
    const ck_packing p = ck_packing_of(type);
    // What the offset takes away is where the sums begin, if they can begin anywhere: a subtraction less.
    const int offset = p.bits == 8 ? SIGNED_OFFSET : p.offset;
    const vi begin = offset ? -offset * sum - (vi){} : (vi){};
    if (p.bits == 8) {
        vi total = begin;
#pragma clang loop unroll(full)
        for (int g = 0; g < count; g++) total = signed_dots(total, s->w[first + g], four(q + 4 * (first + g)));
        return total;
    }
    const int every = FOLD_EVERY(p.bits);
    vi total = {};
#pragma clang loop unroll(full)
    for (int f = 0; f < count; f += every) {
        vsum acc = BEGINNING(begin);
#pragma clang loop unroll(full)
        for (int g = f; g < f + every && g < count; g++) acc = dots(acc, s->w[first + g], four(q + 4 * (first + g)));
        total = f == 0 ? fold(acc) : total + fold(acc);
    }
    return FOLDS ? total + begin : total;
}

INLINE vf to_float(vi x) { return __builtin_convertvector(x, vf); }

// A row's sum after one more step.
INLINE vf add_step(const ck_quantization type, vf sum, const step *s, const ck_activations *x) {
    if (type == CK_Q6_K) {
        vf halves = to_float(integer_dots(type, s, x->q, 0, 4, x->sums[0])) * s->scale[0];
        halves = fma_(to_float(integer_dots(type, s, x->q, 4, 4, x->sums[1])), s->scale[1], halves);
        return fma_(halves, splat(x->scale), sum);
    }
    vi dot = integer_dots(type, s, x->q, 0, 8, x->sums[0] + x->sums[1]);
    sum = fma_(to_float(dot), s->scale[0] * splat(x->scale), sum);
    if (ck_packing_of(type).has_minimum) sum = fma_(s->minimum, splat(x->scaled_sum), sum);
    return sum;
}

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
                for (size_t i = 0; i < t; i++)
#pragma clang loop unroll(full)
                    for (int m = 0; m < panels; m++) {
                        vf *sum = &sums[i * vectors + m * PARTS + part];
                        *sum = add_step(type, *sum, &s[m], x + i);
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
    for (size_t i = 0; i < t || i == 0; i += PACKED_ROWS)
        for (size_t j = 0, room; j < n; j += room) {
            const size_t left = n - j, rows = t - i < PACKED_ROWS ? t - i : PACKED_ROWS;
            // A few rows wait for memory, which likes one straight read better.
            const int is_wide = rows >= 8 && left > CK_PANEL;
            room = (is_wide ? PACKED_PANELS : 1) * CK_PANEL;
#define ROWS(PANELS, COUNT)                                                                                            \
    packed_rows(type, y + i * ldy + j, ldy, x + i, ldx, panels + j / CK_PANEL * panel, panel, PANELS, COUNT,           \
                left < room ? left : room, k)
            // One row keeps its sums in registers.
            if (t == 1)
                ROWS(1, 1);
            else if (is_wide)
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

// ---- Activations that stay floats --------------------------------------------------------------------------------------

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
