// Vectors of VW floats, and what the vector kernels have in common. Included once per level, with VW defined.
//
// The compiler's vector extension is used and no intrinsics, so that one source serves every instruction set.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Every function here is inlined, so no vector is ever passed by a calling convention.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float vf __attribute__((vector_size(VW * 4)));
typedef int32_t vi __attribute__((vector_size(VW * 4)));
typedef float vf_unaligned __attribute__((vector_size(VW * 4), aligned(4)));
typedef uint16_t vh __attribute__((vector_size(VW * 2), aligned(2)));
typedef uint32_t vu __attribute__((vector_size(VW * 4)));
typedef uint32_t vu_halves __attribute__((vector_size(VW * 4), aligned(2)));
typedef float v4 __attribute__((vector_size(16)));

#define INLINE static inline __attribute__((always_inline))

// Subtracting zero changes no number, so the compiler sees a plain broadcast; adding it would turn −0 into 0.
INLINE vf splat(float x) { return x - (vf){}; }
INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void store(float *p, vf x) { *(vf_unaligned *)p = x; }
INLINE vf fma_(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vf select_(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }
// If b is NaN, so is the result.
INLINE vf max_(vf a, vf b) { return select_(a > b, a, b); }

// The ends of rows go through the same arithmetic as their middle, padded with zeros: an element's bits do not depend on
// where a split put it.
INLINE vf load_part(const float *p, size_t left) {
    if (left >= VW) return load(p);
    vf x = {};
    for (size_t i = 0; i < left; i++) x[i] = p[i];
    return x;
}
INLINE void store_part(float *p, vf x, size_t left) {
    if (left >= VW) {
        store(p, x);
        return;
    }
    for (size_t i = 0; i < left; i++) p[i] = x[i];
}

INLINE vf widen(vh x) { return (vf)(__builtin_convertvector(x, vu) << 16); }
INLINE vf load_bf16(const uint16_t *p) { return widen(*(const vh *)p); }
// The nearest bfloat16, ties to even; NaN stays NaN.
INLINE vu narrow(vf x) {
    vu bits = (vu)x;
    vu rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    vi is_nan = x != x;
    return ((vu)is_nan & ((bits >> 16) | 0x40)) | (~(vu)is_nan & rounded);
}

typedef _Float16 vhalf __attribute__((vector_size(VW * 2), aligned(2)));
INLINE vf load_f16(const void *p) { return __builtin_convertvector(*(const vhalf *)p, vf); }

// Adds neighbours, then neighbours of those, and so on: one fixed tree for every reduction.
INLINE float sum_lanes(vf x) {
#pragma clang loop unroll(full)
    for (int width = 1; width < VW; width *= 2) {
        vf y = x;
#pragma clang loop unroll(full)
        for (int i = 0; i + width < VW; i += 2 * width) y[i] = x[i] + x[i + width];
        x = y;
    }
    return x[0];
}

// The same tree for four vectors at once: {Σa, Σb, Σc, Σd}.
#if VW == 4
#define EVEN 0, 2, 4, 6
#define ODD 1, 3, 5, 7
#elif VW == 8
#define EVEN 0, 2, 8, 10, 4, 6, 12, 14
#define ODD 1, 3, 9, 11, 5, 7, 13, 15
#elif VW == 16
#define EVEN 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30
#define ODD 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31
#endif

INLINE v4 sum_lanes4(vf a, vf b, vf c, vf d) {
    vf ab = __builtin_shufflevector(a, b, EVEN) + __builtin_shufflevector(a, b, ODD);
    vf cd = __builtin_shufflevector(c, d, EVEN) + __builtin_shufflevector(c, d, ODD);
    vf s = __builtin_shufflevector(ab, cd, EVEN) + __builtin_shufflevector(ab, cd, ODD);
#if VW == 4
    return s;
#elif VW == 8
    return __builtin_shufflevector(s, s, 0, 1, 2, 3) + __builtin_shufflevector(s, s, 4, 5, 6, 7);
#else
    return (__builtin_shufflevector(s, s, 0, 1, 2, 3) + __builtin_shufflevector(s, s, 4, 5, 6, 7)) +
           (__builtin_shufflevector(s, s, 8, 9, 10, 11) + __builtin_shufflevector(s, s, 12, 13, 14, 15));
#endif
}

// e^x = 2^n · e^r with n = round(x / ln 2), |r| <= ln 2 / 2. Adding 1.5·2²³ rounds to a whole number and leaves it in the
// low bits, so that no conversion of an out-of-range number to an integer can occur; NaN stays NaN.
INLINE vf exp_(vf x) {
    const vf magic = splat(0x1.8p23f);
    // The largest x with a finite result is 88.7228317, where n = 128 and e^r < 1: the exponent just fits. The next number
    // lies above 128 ln 2, and would make a NaN of it.
    vf clamped = select_(x < splat(-87.33654f), splat(-87.33654f), x);
    clamped = select_(clamped > splat(88.7228317f), splat(88.7228317f), clamped);
    vf t = fma_(clamped, splat(1.44269504f), magic);
    vf n = t - magic;
    vf r = fma_(n, splat(-0.693359375f), clamped);
    r = fma_(n, splat(2.12194440e-4f), r);
    vf p = splat(1.9875691500e-4f);
    p = fma_(p, r, splat(1.3981999507e-3f));
    p = fma_(p, r, splat(8.3334519073e-3f));
    p = fma_(p, r, splat(4.1665795894e-2f));
    p = fma_(p, r, splat(1.6666665459e-1f));
    p = fma_(p, r, splat(5.0000001201e-1f));
    p = fma_(p, r * r, r + splat(1.0f));
    vf y = (vf)((vi)p + ((vi)t << 23));
    y = select_(x > splat(88.7228317f), splat(__builtin_inff()), y);
    return select_(x < splat(-87.33654f), splat(0.0f), y);
}

INLINE vf sigmoid_(vf x) { return splat(1.0f) / (splat(1.0f) + exp_(-x)); }
