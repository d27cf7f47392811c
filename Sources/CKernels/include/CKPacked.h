// Quantised matrices as the products read them: panels of 16 outputs, packed once when a model is loaded.
//
// A matrix [N, K] becomes ⌈N / 16⌉ panels; missing outputs of the last have scale 0. A panel is a row of blocks as long as
// the type's own (32 or 256 weights of each output), and a block is
//
//     16 scales d of the outputs                      half-precision numbers
//     16 minima m (Q4_1, Q5_1) or dmin (Q4_K, Q5_K)   half-precision numbers
//     for each step of 32 weights:
//         16 scales and 16 minima (Q4_K, Q5_K)        bytes without sign
//         2 × 16 scales (Q6_K: of 16 weights each)    bytes with sign
//         the weights' integers
//
// The integers of a step are 8 groups of 4 weights; a group has 64 bytes, those of one output side by side, so that a
// vector holds the same four weights of many outputs. Eight-bit integers are stored as they are. Of the others, the lower
// four bits of group g are the lower halves of the bytes of quarter g mod 4 if g < 4, else their upper halves; the fifth
// bits are 64 bytes with that of group g at bit g; the upper two of six bits are two times 64 bytes, for four groups each.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Numbered as ggml numbers them in files.
typedef enum ck_quantization {
    CK_Q4_0 = 2,
    CK_Q4_1 = 3,
    CK_Q5_0 = 6,
    CK_Q5_1 = 7,
    CK_Q8_0 = 8,
    CK_Q4_K = 12,
    CK_Q5_K = 13,
    CK_Q6_K = 14,
} ck_quantization;

// The outputs of a panel.
#define CK_PANEL 16
// The weights of a step, and the activations that share a scale.
#define CK_STEP 32

// What the code needs to know of a type; constants wherever the type is one.
typedef struct ck_packing {
    int bits;        // of each integer
    int steps;       // of 32 weights in a block
    int offset;      // what is subtracted from an integer
    int has_minimum; // whether the weights are s · q + m or s · q − m, rather than s · (q − offset)
    int step_scales; // bytes of scales and minima at the beginning of each step
    int source;      // bytes of a block of one output in ggml's layout
} ck_packing;

static inline __attribute__((always_inline)) ck_packing ck_packing_of(ck_quantization type) {
    switch (type) {
    case CK_Q4_0: return (ck_packing){4, 1, 8, 0, 0, 18};
    case CK_Q4_1: return (ck_packing){4, 1, 0, 1, 0, 20};
    case CK_Q5_0: return (ck_packing){5, 1, 16, 0, 0, 22};
    case CK_Q5_1: return (ck_packing){5, 1, 0, 1, 0, 24};
    case CK_Q8_0: return (ck_packing){8, 1, 0, 0, 0, 34};
    case CK_Q4_K: return (ck_packing){4, 8, 0, 1, 32, 144};
    case CK_Q5_K: return (ck_packing){5, 8, 0, 1, 32, 176};
    case CK_Q6_K: return (ck_packing){6, 8, 32, 0, 32, 210};
    }
    return (ck_packing){0, 0, 0, 0, 0, 0};
}

// The bytes of a step and of a block of a panel.
static inline __attribute__((always_inline)) size_t ck_packed_step(ck_packing p) {
    return (size_t)p.step_scales + 64 * (size_t)p.bits;
}
static inline __attribute__((always_inline)) size_t ck_packed_block(ck_packing p) {
    return (p.has_minimum ? 64 : 32) + (size_t)p.steps * ck_packed_step(p);
}

// The bytes of a packed matrix [n, k], where k is a whole number of blocks.
size_t ck_packed_size(ck_quantization type, size_t n, size_t k);

// Packs outputs of a matrix in ggml's layout, whose rows are `stride` bytes apart, into one panel.
// n is at most 16; `panel` has the bytes of 16 outputs.
void ck_pack_panel(ck_quantization type, uint8_t *panel, const uint8_t *rows, size_t stride, size_t n, size_t k);

// 32 activations of one row as bytes: x ≈ scale · q.
typedef struct ck_activations {
    int8_t q[CK_STEP];
    float scale;
    float scaled_sum; // scale · Σ q
    int32_t sums[2];  // of the first and the last 16 q
} ck_activations;
