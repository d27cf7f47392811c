// A step of a packed panel and of activations in bytes, and what they add to the outputs; included by vector_packed.h.
#define PARTS (CK_PANEL / VW)

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

// A step of one row's activations, each number in every lane.
typedef struct spread {
    vb q[8];
    vi begin[2]; // what the offset takes away from the sums: of the halves, if they have scales of their own
    vf scale, scaled_sum;
} spread;

INLINE spread spread_of(const ck_quantization type, const ck_activations *x) {
    const ck_packing p = ck_packing_of(type);
    const int offset = p.bits == 8 ? SIGNED_OFFSET : p.offset;
    const int32_t sum = type == CK_Q6_K ? x->sums[0] : x->sums[0] + x->sums[1];
    spread s;
#pragma clang loop unroll(full)
    for (int g = 0; g < 8; g++) s.q[g] = four(x->q + 4 * g);
    s.begin[0] = offset ? -offset * sum - (vi){} : (vi){};
    s.begin[1] = type == CK_Q6_K ? -offset * x->sums[1] - (vi){} : (vi){};
    s.scale = splat(x->scale);
    s.scaled_sum = splat(x->scaled_sum);
    return s;
}

// Σ (w − offset) · q over groups first … first + count − 1.
INLINE vi integer_dots(const ck_quantization type, const step *s, const spread *x, int first, int count) {
    const ck_packing p = ck_packing_of(type);
    // What the offset takes away is where the sums begin, if they can begin anywhere: a subtraction less.
    const vi begin = x->begin[first / 4];
    if (p.bits == 8) {
        vi total = begin;
#pragma clang loop unroll(full)
        for (int g = first; g < first + count; g++) total = signed_dots(total, s->w[g], x->q[g]);
        return total;
    }
    const int every = FOLD_EVERY(p.bits);
    vi total = {};
#pragma clang loop unroll(full)
    for (int f = 0; f < count; f += every) {
        vsum acc = BEGINNING(begin);
#pragma clang loop unroll(full)
        for (int g = f; g < f + every && g < count; g++) acc = dots(acc, s->w[first + g], x->q[first + g]);
        total = f == 0 ? fold(acc) : total + fold(acc);
    }
    return FOLDS && p.offset ? total + begin : total;
}

INLINE vf to_float(vi x) { return __builtin_convertvector(x, vf); }

// A row's sum after one more step.
INLINE vf add_step(const ck_quantization type, vf sum, const step *s, const spread *x) {
    if (type == CK_Q6_K) {
        vf halves = to_float(integer_dots(type, s, x, 0, 4)) * s->scale[0];
        halves = fma_(to_float(integer_dots(type, s, x, 4, 4)), s->scale[1], halves);
        return fma_(halves, x->scale, sum);
    }
    sum = fma_(to_float(integer_dots(type, s, x, 0, 8)), s->scale[0] * x->scale, sum);
    if (ck_packing_of(type).has_minimum) sum = fma_(s->minimum, x->scaled_sum, sum);
    return sum;
}
