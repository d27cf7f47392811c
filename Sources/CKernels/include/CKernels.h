// The kernels: every hot loop of the project, single-threaded, without allocation and without state.
//
// Letters: T rows (tokens), C width, K the length of a dot product, N outputs. All matrices are row-major; `ld…` is the
// distance between rows in elements. A kernel works on the part that its pointers and sizes name, so that the caller can
// split the work over threads; each output element is computed in an order that depends on nothing but the length it is
// summed over, so that the bits are the same for every split.
//
// Every function exists once per level. The scalar ones are the plain statement of the mathematics; the others are one
// set of sources (vector_*.h) compiled for vectors of 4, 8 and 16 floats.
#pragma once

#include "CKPacked.h"

#include <stddef.h>
#include <stdint.h>

// The most channels that a head of RWKV-7 may have. Published models have 64.
#define CK_HEAD_LIMIT 1024

// The columns of a panel of matmul_panels.
#define CK_PANEL_WIDTH 32
// The words that CK_PANEL_WIDTH rows of k numbers take when they are laid out for matmul_turned.
static inline __attribute__((always_inline)) size_t ck_turned_words(size_t k) {
    return (k + 31) / 32 * 16 * CK_PANEL_WIDTH;
}

// The keys of a page of attention, and the most channels that a head of attention may have.
#define CK_PAGE 64
#define CK_ATTENTION_LIMIT 256

typedef struct ck_kernels {
    const char *name;
    // Whether the processor multiplies bfloat16 with bfloat16 faster than floats: whether matmul_pairs is worth its while.
    int prefers_bf16;
    // Whether it multiplies whole tiles of bfloat16.
    int has_tiles;
    // The rows from which on matmul_turned is faster than matmul_pairs.
    size_t turned_rows;

    // ---- Products -------------------------------------------------------------------------------------------------

    // y[t, n] = Σ_k x[t, k] · w[n, k]          x [T, K], w [N, K], y [T, N]
    void (*matmul_f32)(float *y, size_t ldy, const float *x, size_t ldx, const float *w, size_t ldw, size_t t, size_t n,
                       size_t k);
    // The same with bfloat16 weights; the bits are those of matmul_f32 with the weights widened.
    void (*matmul_bf16)(float *y, size_t ldy, const float *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                        size_t n, size_t k);
    // The same with half-precision weights.
    void (*matmul_f16)(float *y, size_t ldy, const float *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t, size_t n,
                       size_t k);
    // The same with bfloat16 on both sides and 32-bit sums. Numbers below 2^−126 may count as 0.
    void (*matmul_pairs)(float *y, size_t ldy, const uint16_t *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                         size_t n, size_t k);
    // The same for many rows, laid out by turn_rows; NULL where matmul_pairs does as well. The bits are those of matmul_pairs.
    void (*matmul_turned)(float *y, size_t ldy, const uint32_t *x, const uint16_t *w, size_t ldw, size_t t, size_t n,
                          size_t k);
    // Lays rows of x out, narrowed, for matmul_turned of the same level: ck_turned_words(k) for each CK_PANEL_WIDTH of them.
    void (*turn_rows)(uint32_t *b, const float *x, size_t ldx, size_t t, size_t k);
    // c[i, j] = Σ_q a(i, q) · b(q, j) for training: pairs of bfloat16 on both sides, added to c if `accumulate`. A word has a
    // pair, the even number in its lower half, and a · b is the sum of two products. Sums run over q in order. Of the right
    // side, panels of CK_PANEL_WIDTH columns stand `panel` words apart, in each q after q:
    //     b(q, j) = b[j / 32 · panel + q · 32 + j mod 32];  a(i, q) = a[i / 32 · group + i mod 32 · row + q · column]
    // So the left side may be rows of pairs, or panels whose columns are the rows.
    void (*matmul_panels)(float *c, size_t ldc, const uint32_t *a, size_t group, size_t row, size_t column,
                          const uint32_t *b, size_t panel, size_t i, size_t j, size_t q, int accumulate);
    // Panels of x [t, c], narrowed, whose pairs are neighbours in a column: b(q, j) = x[2q, j], x[2q + 1, j]. A missing last
    // row and missing columns are 0. Panels stand `panel` words apart, so that rows can be brought a few at a time.
    void (*panels_of_columns)(uint32_t *b, size_t panel, const float *x, size_t ldx, size_t t, size_t c);
    // Panels of the transpose of w [n, k], narrowed, whose pairs are neighbours in a row: b(q, j) = w[j, 2q], w[j, 2q + 1].
    void (*panels_of_rows)(uint32_t *b, const float *w, size_t ldw, size_t n, size_t k);
    // y[t, n] = Σ_k x[t, k] · w[n, k] with packed quantised weights and activations in bytes: step p of row t is
    // x[p · ldx + t]. Sums over steps are exact integers. k is a whole number of the type's blocks.
    void (*matmul_packed)(ck_quantization type, float *y, size_t ldy, const ck_activations *x, size_t ldx,
                          const uint8_t *panels, size_t t, size_t n, size_t k);
    // The same with the activations as they are, summed in the order of k.
    void (*matmul_packed_exact)(ck_quantization type, float *y, size_t ldy, const float *x, size_t ldx,
                                const uint8_t *panels, size_t t, size_t n, size_t k);
    // Rows of activations in bytes: scale = max |x| / 127 of each 32. Where one is not finite, the scale is NaN.
    void (*quantize_rows)(ck_activations *a, size_t lda, const float *x, size_t ldx, size_t t, size_t k);
    // c[i, j] += Σ_p a(i, p) · b[p, j], where a(i, p) = a[i·row + p·column]; begins at 0 unless `accumulate`.
    // Both backward products: dx = dy · w (a = dy, b = w) and dw += dyᵀ · x (a = dyᵀ, b = x).
    void (*matmul_add_f32)(float *c, size_t ldc, const float *a, size_t row, size_t column, const float *b, size_t ldb,
                           size_t i, size_t j, size_t p, int accumulate);
    void (*matmul_add_bf16)(float *c, size_t ldc, const float *a, size_t row, size_t column, const uint16_t *b,
                            size_t ldb, size_t i, size_t j, size_t p, int accumulate);

    // ---- Element-wise ---------------------------------------------------------------------------------------------

    // y = a + b
    void (*add)(float *y, const float *a, const float *b, size_t n);
    // y = e^x: 0 below −87.3, ∞ above 88.7, relative error below 2e-7 between
    void (*exp)(float *y, const float *x, size_t n);
    // y = σ(r) ⊙ x, and its gradients
    void (*sigmoid_gate)(float *y, const float *r, const float *x, size_t n);
    void (*sigmoid_gate_backward)(float *dr, float *dx, const float *dy, const float *r, const float *x, size_t n);
    // y = max(x, 0)², and dx = 2·max(x, 0)·dy; NaN stays NaN
    void (*squared_relu)(float *y, const float *x, size_t n);
    void (*squared_relu_backward)(float *dx, const float *dy, const float *x, size_t n);
    // y = tanh(x) and y = σ(x); the gradients come from y
    void (*tanh)(float *y, const float *x, size_t n);
    void (*tanh_backward)(float *dx, const float *dy, const float *y, size_t n);
    void (*sigmoid)(float *y, const float *x, size_t n);
    void (*sigmoid_backward)(float *dx, const float *dy, const float *y, size_t n);
    // y = g·σ(g) ⊙ x, and its gradients
    void (*silu_gate)(float *y, const float *g, const float *x, size_t n);
    void (*silu_gate_backward)(float *dg, float *dx, const float *dy, const float *g, const float *x, size_t n);
    // y = e^{−e^x}: the decay factor of RWKV-5 and 6, between 0 and 1
    void (*decay)(float *y, const float *x, size_t n);
    void (*decay_backward)(float *dx, const float *dy, const float *x, const float *y, size_t n);
    // y = e^{−σ(x)/√e}: the decay factor of RWKV-7, between 0.5453 and 1
    void (*bounded_decay)(float *y, const float *x, size_t n);
    void (*bounded_decay_backward)(float *dx, const float *dy, const float *x, const float *y, size_t n);
    // y = a ⊙ b
    void (*multiply)(float *y, const float *a, const float *b, size_t n);
    // y = a + (b − a) ⊙ s, and its gradients
    void (*blend)(float *y, const float *a, const float *b, const float *s, size_t n);
    void (*blend_backward)(float *da, float *db, float *ds, const float *dy, const float *a, const float *b,
                           const float *s, size_t n);
    void (*bf16_to_f32)(float *y, const uint16_t *x, size_t n);
    // Rounds to nearest, ties to even; numbers below 2^−126 may become 0.
    void (*f32_to_bf16)(uint16_t *y, const float *x, size_t n);

    // ---- Token shift: y[t] = x[t] ⊙ mix + x[t−1] ⊙ (1 − mix), where x[−1] is `previous` [C] -------------------------

    void (*token_shift)(float *y, const float *x, const float *previous, const float *mix, size_t t, size_t c);
    // dx[t] = dy[t] ⊙ mix + dy[t+1] ⊙ (1 − mix). `next` says whether the row after the last belongs to the sequence.
    void (*token_shift_backward)(float *dx, const float *dy, const float *mix, size_t t, size_t c, int next);
    // dmix[c] += Σ_t dy[t, c] · (x[t, c] − x[t−1, c]) for the first `c` columns of rows that are `ld` apart
    void (*token_shift_mix_gradient)(float *dmix, const float *dy, const float *x, const float *previous, size_t ld,
                                     size_t t, size_t c);

    // ---- The mixes of RWKV-6 and 7: dz[t] = x[t−1] − x[t];  y = x + dz ⊙ (mix + plus) ------------------------------

    void (*shift_difference)(float *dz, const float *x, const float *previous, size_t t, size_t c);
    // dx[t] = ddz[t+1] − ddz[t]. `next` says whether the row after the last belongs to the sequence.
    void (*shift_difference_backward)(float *dx, const float *ddz, size_t t, size_t c, int next);
    // `plus` [T, C] may be NULL.
    void (*lerp)(float *y, const float *x, const float *dz, const float *mix, const float *plus, size_t t, size_t c);
    // Adds to dx and ddz. Writes dplus unless it is NULL.
    void (*lerp_backward)(float *dx, float *ddz, float *dplus, const float *dy, const float *dz, const float *mix,
                          const float *plus, size_t t, size_t c);

    // ---- Rows with a vector -----------------------------------------------------------------------------------------

    // y[t] = x[t] ⊙ w, and y[t] = x[t] + b
    void (*scale_columns)(float *y, const float *x, const float *w, size_t t, size_t c);
    void (*add_columns)(float *y, const float *x, const float *b, size_t t, size_t c);
    // sum[c] += Σ_t a[t, c] and sum[c] += Σ_t a[t, c] · b[t, c], for the first `c` columns of rows that are `ld` apart
    void (*column_sum)(float *sum, const float *a, size_t ld, size_t t, size_t c);
    void (*column_dot)(float *sum, const float *a, const float *b, size_t ld, size_t t, size_t c);

    // ---- Norms of groups of n channels: y = (x − mean) · rstd ⊙ weight + bias, the variance divided by n -------------

    // A layer norm has one group, a group norm one for each head. mean and rstd are [T, G], for the gradients, or NULL; weight
    // and bias are [G·n].
    void (*group_norm)(float *y, float *mean, float *rstd, const float *x, const float *weight, const float *bias,
                       size_t t, size_t g, size_t n, float epsilon);
    void (*group_norm_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *rstd,
                                const float *weight, size_t t, size_t g, size_t n);
    // Adds to dweight and dbias, for the group's first `c` columns of rows that are `ld` apart. mean and rstd are the
    // group's own, `g` apart.
    void (*group_norm_weight_gradient)(float *dweight, float *dbias, const float *dy, const float *x, const float *mean,
                                       const float *rstd, size_t ld, size_t g, size_t t, size_t c);

    // ---- What RWKV-7 does to each head's n channels ------------------------------------------------------------------

    // y = x · inverse with inverse = 1 / max(‖x‖₂, 1e-12), for rows of n; y may be x, and inverse NULL
    void (*normalize)(float *y, float *inverse, const float *x, size_t rows, size_t n);
    void (*normalize_backward)(float *dx, const float *dy, const float *y, const float *inverse, size_t rows, size_t n);
    // y = k ⊙ (1 + (a − 1) ⊙ mix), and its gradients; dmix[c] += Σ_t dy · k · (a − 1)
    void (*replacement_key)(float *y, const float *k, const float *a, const float *mix, size_t t, size_t c);
    void (*replacement_key_backward)(float *dk, float *da, const float *dy, const float *k, const float *a,
                                     const float *mix, size_t t, size_t c);
    void (*replacement_key_mix_gradient)(float *dmix, const float *dy, const float *k, const float *a, size_t ld,
                                         size_t t, size_t c);
    // y = x + (Σ r · k · u) v, the sum over the head's channels; r, k, v, x are [T, H·n], u is [H·n]
    void (*head_bonus)(float *y, const float *x, const float *r, const float *k, const float *v, const float *u,
                       size_t t, size_t h, size_t n);
    // Writes dr, dk, dv and dots [T, H], which holds Σ dy · v.
    void (*head_bonus_backward)(float *dr, float *dk, float *dv, float *dots, const float *dy, const float *r,
                                const float *k, const float *v, const float *u, size_t t, size_t h, size_t n);
    // du[c] += Σ_t dots[t] · r[t, c] · k[t, c] for one head's n columns; dots are `h` apart, rows `ld`
    void (*head_bonus_weight_gradient)(float *du, const float *dots, const float *r, const float *k, size_t ld,
                                       size_t h, size_t t, size_t n);

    // ---- Loss -----------------------------------------------------------------------------------------------------

    // Returns −log softmax(logits)[target] of one row. If `d` is not NULL, writes scale · (softmax − onehot) to it and
    // adds l2wrap · max(logits) at the first maximum. `d` may be `logits` itself.
    float (*cross_entropy)(float *d, const float *logits, int32_t target, size_t v, float scale, float l2wrap);

    // ---- The recurrence of RWKV-4, for `c` columns of rows that are `ld` apart -----------------------------------------

    // With w = −e^decay and the true sums a·e^p, b·e^p:
    //     q = max(p, u + k);  y = (e^{p−q} a + e^{u+k−q} v) / (e^{p−q} b + e^{u+k−q})
    //     q = max(p + w, k);  a = e^{p+w−q} a + e^{k−q} v;  b = e^{p+w−q} b + e^{k−q};  p = q
    // a, b, p [C] are the state before the first row, and become the state after the last.
    void (*wkv4)(float *y, const float *k, const float *v, const float *decay, const float *first, float *a, float *b,
                 float *p, size_t ld, size_t t, size_t c);
    // Writes dk and dv, adds to ddecay and dfirst. a, b, p [C] are the state before the first row; y is wkv4's output.
    void (*wkv4_backward)(float *dk, float *dv, float *ddecay, float *dfirst, const float *dy, const float *y,
                          const float *k, const float *v, const float *decay, const float *first, const float *a,
                          const float *b, const float *p, size_t ld, size_t t, size_t c);

    // ---- The recurrence of RWKV-5 and 6, for one head of n channels whose rows are `ld` apart ---------------------------

    // The state s is [K, V], n × n:
    //     y[j] = Σ_i r[i] · (s[i, j] + u[i] · k[i] · v[j]);   s[i, j] = d[i] · s[i, j] + k[i] · v[j]
    // Rows of d are `ldd` apart: 0 if the decay is the same for all of them. s becomes the state after the last row.
    void (*wkv6)(float *y, const float *r, const float *k, const float *v, const float *d, const float *u, float *s,
                 size_t ld, size_t ldd, size_t t, size_t n);
    // Writes dr, dk and dv; adds to dd (rows `ldd` apart) and du. `states` [T, n, n] are those before each row; `ds` [n, n]
    // is the gradient of the state after the last row and becomes that of the state before the first.
    void (*wkv6_backward)(float *dr, float *dk, float *dv, float *dd, float *du, float *ds, const float *dy,
                          const float *r, const float *k, const float *v, const float *d, const float *u,
                          const float *states, size_t ld, size_t ldd, size_t t, size_t n);

    // ---- The recurrence of RWKV-7, for one head of n channels whose rows are `ld` apart ---------------------------------

    // The state s is [V, K], n × n; n is at most CK_HEAD_LIMIT:
    //     e[i] = Σ_j s[i, j] · kk[j];   s[i, j] = s[i, j] · d[j] − e[i] · a[j] · kk[j] + v[i] · k[j];   y[i] = Σ_j s[i, j] · r[j]
    void (*wkv7)(float *y, const float *r, const float *d, const float *k, const float *v, const float *kk,
                 const float *a, float *s, size_t ld, size_t t, size_t n);
    // Writes all gradients of the rows. `states` [T + 1, n, n] begins with the state before the first row; the rest is room
    // for the others. `ds` as above.
    void (*wkv7_backward)(float *dr, float *dd, float *dk, float *dv, float *dkk, float *da, float *ds, const float *dy,
                          const float *r, const float *d, const float *k, const float *v, const float *kk,
                          const float *a, float *states, size_t ld, size_t t, size_t n);

    // ---- Attention, for one head of n channels whose rows are `ld` apart -----------------------------------------------

    // Each row's mean of values, weighted by the row's agreement with their keys:
    //     y[i] = Σ_j e^{s(i, j)} v[j] / Σ_j e^{s(i, j)},  s(i, j) = scale · Σ_c q[i, c] · k[j, c],  lse[i] = log Σ_j e^{s(i, j)}
    // Keys and values stand in pages of CK_PAGE: keys [n, CK_PAGE], transposed; values [CK_PAGE, n], rows `ldv` apart. A row
    // sees all of the pages but the last, and of that the first seen + i; at least one. t is at most CK_PAGE. The sums go
    // through the keys in order, with a largest score of the pages so far, so that no exponential overflows.
    // `lse` may be NULL.
    void (*attention)(float *y, float *lse, const float *q, const float *const *keys, const float *const *values,
                      size_t pages, size_t seen, size_t ld, size_t ldv, size_t t, size_t n, float scale);
    // Of one page: adds to dq (rows `ld` apart) and to dk and dv [CK_PAGE, n] what goes through rows of any number, which see
    // the first min(seen + i, CK_PAGE) keys.
    void (*attention_backward)(float *dq, float *dk, float *dv, const float *dy, const float *y, const float *q,
                               const float *lse, const float *keys, const float *values, size_t seen, size_t ld,
                               size_t ldv, size_t t, size_t n, float scale);
    // Turns the two halves a, b of each head: y = (a cos − b sin, b cos + a sin), by the row's angles [T, n/2], or back if
    // `direction` is −1 instead of 1. x and y are [T, H·n].
    void (*rotate)(float *y, const float *x, const float *cosines, const float *sines, float direction, size_t t, size_t h,
                   size_t n);

    // ---- LSTM and GELU, for n channels -----------------------------------------------------------------------------------

    // i, f, o = σ(x + r) and g = tanh(x + r), whose parts stand `ld` apart in the order i f g o, in x, r and gates:
    //     c = f ⊙ before + i ⊙ g;  h = o ⊙ tanh(c)
    void (*lstm_cell)(float *h, float *c, float *gates, const float *x, const float *r, const float *before, size_t ld,
                      size_t n);
    // Writes dx, the gradient of x and of r. `dc` is that of c through later rows, and becomes that of `before`.
    void (*lstm_cell_backward)(float *dx, float *dc, const float *dh, const float *gates, const float *c,
                               const float *before, size_t ld, size_t n);
    // y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))
    void (*gelu)(float *y, const float *x, size_t n);
    void (*gelu_backward)(float *dx, const float *dy, const float *x, size_t n);

    // The sum of n floats, as fast as memory gives them: what a benchmark measures the machine's limit with
    float (*read)(const float *x, size_t n);

    // ---- Optimiser ------------------------------------------------------------------------------------------------

    double (*sum_of_squares)(const float *x, size_t n);
    // Σ e^((x − shift) · factor), where no exponent is above 0: eight interleaved sums, then their sum, and the rest one by one.
    // Each term goes to `terms` unless that is NULL. The bits are the same at every level.
    double (*sum_of_exponentials)(double *terms, const float *x, size_t n, double shift, double factor);
    // AdamW with decoupled decay: g = gscale·g; m += (1−β1)(g−m); v += (1−β2)(g²−v);
    //     p −= rate·decay·p;  p −= step · m / (√(v·vscale) + ε)
    // where step = rate / (1 − β1ⁿ) and vscale = 1 / (1 − β2ⁿ).
    void (*adamw)(float *p, float *m, float *v, const float *g, size_t n, float gscale, float beta1, float beta2,
                  float epsilon, float step, float vscale, float shrink);
} ck_kernels;

typedef enum ck_level {
    CK_SCALAR = 0,
    CK_NEON = 1,
    CK_NEON_DOTPROD = 2,
    CK_AVX2 = 3,
    CK_AVX512 = 4,
    CK_AVX512_VNNI = 5,
    CK_AVX512_BF16 = 6,
    CK_AVX512_AMX = 7,
    // The sources of CK_AVX512_AMX compiled for AVX2: lets tests run them where the machine lacks AVX-512.
    CK_AVX512_TWIN = 8,
    CK_LEVELS = 9,
} ck_level;

// The kernels of a level, or NULL if this machine (or this build) does not have it.
const ck_kernels *ck_kernels_at(ck_level level);

// The kernels of the best level of this machine, or of the level named by the environment variable RWKV_KERNELS
// (scalar, neon, neon-dotprod, avx2, avx512, avx512-vnni, avx512-bf16, avx512-amx) if the machine has it.
const ck_kernels *ck_kernels_best(void);

// Tells the processor that this is a spinning loop.
static inline void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// The number of processors that this process may run on.
int ck_processor_count(void);

// The processor time of the calling thread, and how often it has lost its processor to another one although it had work.
// 0 where the system does not say, else 1.
int ck_thread_usage(double *seconds, long *preemptions);
