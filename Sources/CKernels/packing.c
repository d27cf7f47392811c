// From ggml's blocks to panels. Four integers of one output are one 32-bit word on both sides, so all of it is words that
// change places, and bits that move alike in four bytes at once.
#include "include/CKPacked.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t word(const uint8_t *p) {
    uint32_t x;
    memcpy(&x, p, 4);
    return x;
}

// 16 bytes as four words, which are shifted together.
typedef uint32_t quad __attribute__((vector_size(16)));
INLINE quad load_quad(const uint8_t *p) {
    quad x;
    memcpy(&x, p, 16);
    return x;
}

INLINE void put(uint8_t *p, uint32_t x) { memcpy(p, &x, 4); }

size_t ck_packed_size(ck_quantization type, size_t n, size_t k) {
    ck_packing p = ck_packing_of(type);
    return (n + CK_PANEL - 1) / CK_PANEL * (k / (CK_STEP * (size_t)p.steps)) * ck_packed_block(p);
}

// Bit i of x goes to bit 0 of byte i mod 4, i / 4 places up: the fifth bits of 32 weights as the planes have them.
INLINE uint32_t spread(uint32_t x) {
    uint32_t y = 0;
    for (int g = 0; g < 8; g++) {
        uint32_t four = x >> 4 * g & 15;
        // 4 bits to the lowest bits of 4 bytes
        y |= (four * 0x00204081u & 0x01010101u) << g;
    }
    return y;
}

// The scale and minimum of part p of Q4_K and Q5_K; see ggml's get_scale_min_k4.
INLINE void six_bit_scales(const uint8_t *s, int p, uint8_t *scale, uint8_t *minimum) {
    if (p < 4) {
        *scale = s[p] & 63;
        *minimum = s[p + 4] & 63;
    } else {
        *scale = (uint8_t)((s[p + 4] & 15) | (s[p - 4] >> 6) << 4);
        *minimum = (uint8_t)(s[p + 4] >> 4 | (s[p] >> 6) << 4);
    }
}

// Blocks of 32. `lane` is the output's place in the panel.
INLINE void pack_short(ck_quantization type, uint8_t *block, const uint8_t *source, size_t lane) {
    ck_packing p = ck_packing_of(type);
    memcpy(block + 2 * lane, source, 2);
    source += 2, block += 32;
    if (p.has_minimum) {
        memcpy(block + 2 * lane, source, 2);
        source += 2, block += 32;
    }
    if (p.bits == 5) {
        put(block + 256 + 4 * lane, spread(word(source)));
        source += 4;
    }
    // Of the lower four bits, byte i has those of weights i and i + 16 in its halves on both sides.
    for (int j = 0; j < (p.bits == 8 ? 8 : 4); j++) put(block + 64 * j + 4 * lane, word(source + 4 * j));
}

INLINE void pack_long(ck_quantization type, uint8_t *block, const uint8_t *source, size_t lane) {
    const uint32_t low = 0x0F0F0F0Fu, ones = 0x01010101u, threes = 0x03030303u;
    ck_packing p = ck_packing_of(type);
    size_t stride = ck_packed_step(p);
    if (type == CK_Q6_K) {
        memcpy(block + 2 * lane, source + 208, 2);
        block += 32;
        for (int part = 0; part < 8; part++, block += stride) {
            int large = part / 4, quarter = part % 4;
            block[lane] = source[192 + 2 * part];
            block[16 + lane] = source[193 + 2 * part];
            const uint8_t *lower = source + 64 * large + 32 * (quarter % 2), *upper = source + 128 + 32 * large;
            int shift = 4 * (quarter / 2);
            uint8_t *q = block + 32;
            uint32_t planes[2] = {0, 0};
            quad integers = (load_quad(lower) >> shift & low) | (load_quad(lower + 16) >> shift & low) << 4;
            quad first = load_quad(upper) >> 2 * quarter & threes, second = load_quad(upper + 16) >> 2 * quarter & threes;
            for (int j = 0; j < 4; j++) {
                put(q + 64 * j + 4 * lane, integers[j]);
                planes[0] |= first[j] << 2 * j;
                planes[1] |= second[j] << 2 * j;
            }
            put(q + 256 + 4 * lane, planes[0]);
            put(q + 320 + 4 * lane, planes[1]);
        }
        return;
    }
    memcpy(block + 2 * lane, source, 2);
    memcpy(block + 32 + 2 * lane, source + 2, 2);
    block += 64;
    const uint8_t *upper = source + 16, *lower = source + (p.bits == 5 ? 48 : 16);
    for (int part = 0; part < 8; part++, block += stride) {
        six_bit_scales(source + 4, part, block + lane, block + 16 + lane);
        const uint8_t *from = lower + 32 * (part / 2);
        int shift = 4 * (part % 2);
        uint8_t *q = block + 32;
        quad integers = (load_quad(from) >> shift & low) | (load_quad(from + 16) >> shift & low) << 4;
        for (int j = 0; j < 4; j++) put(q + 64 * j + 4 * lane, integers[j]);
        if (p.bits == 5) {
            uint32_t plane = 0;
            for (int g = 0; g < 8; g++) plane |= (word(upper + 4 * g) >> part & ones) << g;
            put(q + 256 + 4 * lane, plane);
        }
    }
}

INLINE void pack_panel(const ck_quantization type, uint8_t *panel, const uint8_t *rows, size_t stride, size_t n, size_t k) {
    ck_packing p = ck_packing_of(type);
    size_t blocks = k / (CK_STEP * (size_t)p.steps), size = ck_packed_block(p);
    if (n < CK_PANEL) memset(panel, 0, blocks * size);
    for (size_t b = 0; b < blocks; b++)
        for (size_t lane = 0; lane < n; lane++) {
            const uint8_t *source = rows + lane * stride + b * (size_t)p.source;
            if (p.steps == 1)
                pack_short(type, panel + b * size, source, lane);
            else
                pack_long(type, panel + b * size, source, lane);
        }
}

// A switch turns the type into a constant: the compiler makes a loop of its own of each.
void ck_pack_panel(ck_quantization type, uint8_t *panel, const uint8_t *rows, size_t stride, size_t n, size_t k) {
#define PACK(TYPE)                                                                                                     \
    case TYPE: pack_panel(TYPE, panel, rows, stride, n, k); break;
    switch (type) {
        PACK(CK_Q4_0)
        PACK(CK_Q4_1)
        PACK(CK_Q5_0)
        PACK(CK_Q5_1)
        PACK(CK_Q8_0)
        PACK(CK_Q4_K)
        PACK(CK_Q5_K)
        PACK(CK_Q6_K)
    }
#undef PACK
}
