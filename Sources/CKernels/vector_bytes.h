// Sums of products of bytes: the one thing that the compiler's vectors cannot say. A vector holds four bytes for each of
// VW outputs; each form adds, for every output, the four products of its bytes.
//
//     dots(acc, w, a)          adds w · a, for w from 0 to 63; at most FOLD_LIMIT / bits times before
//     fold(acc)                gives the sums as 32-bit integers
//     FOLDS                    whether acc is anything else
//     BEGINNING(sum)           acc before the first sum: `sum`, unless FOLDS
//     signed_dots(acc, w, a)   adds w · a for any w but counts w as w + SIGNED_OFFSET
//
// |a| is at most 127. All sums are exact.
typedef int8_t vb __attribute__((vector_size(VW * 4)));
typedef uint8_t vub __attribute__((vector_size(VW * 4)));
typedef int16_t vs __attribute__((vector_size(VW * 4)));
typedef uint16_t vus __attribute__((vector_size(VW * 4)));
typedef vub vub_unaligned __attribute__((aligned(1)));

INLINE vub load_bytes(const uint8_t *p) { return *(const vub_unaligned *)p; }
// Four activations, for all outputs alike.
INLINE vb four(const int8_t *a) {
    int32_t bits;
    memcpy(&bits, a, 4);
    return (vb)(bits - (vi){});
}

#if defined(BYTES_MADDUBS)
// x86 before VNNI: pairs of products in 16 bits, which hold 8 pairs of four-bit weights, 4 of five bits, 2 of six bits.
#include <immintrin.h>
typedef vs vsum;
#define FOLDS 1
#define BEGINNING(sum) (vsum){}
#define FOLD_EVERY(bits) ((bits) == 4 ? 8 : (bits) == 5 ? 4 : 2)
#define SIGNED_OFFSET 0
#if VW == 8
INLINE vsum dots(vsum acc, vub w, vb a) { return acc + (vs)_mm256_maddubs_epi16((__m256i)w, (__m256i)a); }
INLINE vi fold(vsum acc) { return (vi)_mm256_madd_epi16((__m256i)acc, _mm256_set1_epi16(1)); }
INLINE vi signed_dots(vi acc, vub w, vb a) {
    __m256i products = _mm256_maddubs_epi16(_mm256_abs_epi8((__m256i)w), _mm256_sign_epi8((__m256i)a, (__m256i)w));
    return acc + (vi)_mm256_madd_epi16(products, _mm256_set1_epi16(1));
}
#else
INLINE vsum dots(vsum acc, vub w, vb a) { return acc + (vs)_mm512_maddubs_epi16((__m512i)w, (__m512i)a); }
INLINE vi fold(vsum acc) { return (vi)_mm512_madd_epi16((__m512i)acc, _mm512_set1_epi16(1)); }
INLINE vi signed_dots(vi acc, vub w, vb a) {
    __m512i negated = _mm512_mask_sub_epi8((__m512i)a, _mm512_movepi8_mask((__m512i)w), _mm512_setzero_si512(), (__m512i)a);
    __m512i products = _mm512_maddubs_epi16(_mm512_abs_epi8((__m512i)w), negated);
    return acc + (vi)_mm512_madd_epi16(products, _mm512_set1_epi16(1));
}
#endif

#elif defined(BYTES_VNNI)
#include <immintrin.h>
typedef vi vsum;
#define FOLDS 0
#define BEGINNING(sum) (sum)
#define FOLD_EVERY(bits) 8
#define SIGNED_OFFSET 128
INLINE vi fold(vsum acc) { return acc; }
INLINE vsum dots(vsum acc, vub w, vb a) { return (vi)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)w, (__m512i)a); }
INLINE vi signed_dots(vi acc, vub w, vb a) { return dots(acc, w ^ 0x80, a); }

#elif defined(BYTES_NEON)
#include <arm_neon.h>
typedef vi vsum;
#define FOLDS 0
#define BEGINNING(sum) (sum)
#define FOLD_EVERY(bits) 8
#define SIGNED_OFFSET 0
INLINE vi fold(vsum acc) { return acc; }
#if defined(BYTES_DOTPROD)
INLINE vi signed_dots(vi acc, vub w, vb a) { return (vi)vdotq_s32((int32x4_t)acc, (int8x16_t)w, (int8x16_t)a); }
#else
INLINE vi signed_dots(vi acc, vub w, vb a) {
    int16x8_t low = vmull_s8(vget_low_s8((int8x16_t)w), vget_low_s8((int8x16_t)a));
    int16x8_t high = vmull_high_s8((int8x16_t)w, (int8x16_t)a);
    return (vi)vpadalq_s16((int32x4_t)acc, vpaddq_s16(low, high));
}
#endif
INLINE vsum dots(vsum acc, vub w, vb a) { return signed_dots(acc, w, a); }

#else
// What VNNI does, in plain C: lets tests run VNNI's sources anywhere.
typedef vi vsum;
#define FOLDS 0
#define BEGINNING(sum) (sum)
#define FOLD_EVERY(bits) 8
#define SIGNED_OFFSET 128
INLINE vi fold(vsum acc) { return acc; }
INLINE vsum dots(vsum acc, vub w, vb a) {
    for (int i = 0; i < VW; i++)
        for (int j = 0; j < 4; j++) acc[i] += (int32_t)w[4 * i + j] * a[4 * i + j];
    return acc;
}
INLINE vi signed_dots(vi acc, vub w, vb a) { return dots(acc, w ^ 0x80, a); }
#endif
