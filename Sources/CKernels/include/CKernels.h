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

#include <stddef.h>
#include <stdint.h>

typedef struct ck_kernels {
    const char *name;

    // ---- Products -------------------------------------------------------------------------------------------------

    // y[t, n] = Σ_k x[t, k] · w[n, k]          x [T, K], w [N, K], y [T, N]
    void (*matmul_f32)(float *y, size_t ldy, const float *x, size_t ldx, const float *w, size_t ldw, size_t t, size_t n,
                       size_t k);
    // The same with bfloat16 weights; the bits are those of matmul_f32 with the weights widened.
    void (*matmul_bf16)(float *y, size_t ldy, const float *x, size_t ldx, const uint16_t *w, size_t ldw, size_t t,
                        size_t n, size_t k);
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
    void (*bf16_to_f32)(float *y, const uint16_t *x, size_t n);
    void (*f32_to_bf16)(uint16_t *y, const float *x, size_t n);

    // ---- Token shift: y[t] = x[t] ⊙ mix + x[t−1] ⊙ (1 − mix), where x[−1] is `previous` [C] -------------------------

    void (*token_shift)(float *y, const float *x, const float *previous, const float *mix, size_t t, size_t c);
    // dx[t] = dy[t] ⊙ mix + dy[t+1] ⊙ (1 − mix). `next` says whether the row after the last belongs to the sequence.
    void (*token_shift_backward)(float *dx, const float *dy, const float *mix, size_t t, size_t c, int next);
    // dmix[c] += Σ_t dy[t, c] · (x[t, c] − x[t−1, c]) for the first `c` columns of rows that are `ld` apart
    void (*token_shift_mix_gradient)(float *dmix, const float *dy, const float *x, const float *previous, size_t ld,
                                     size_t t, size_t c);

    // ---- Layer norm: y = (x − mean) · rstd ⊙ weight + bias, the variance divided by C --------------------------------

    void (*layer_norm)(float *y, float *mean, float *rstd, const float *x, const float *weight, const float *bias,
                       size_t t, size_t c, float epsilon);
    void (*layer_norm_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *rstd,
                                const float *weight, size_t t, size_t c);
    // Adds to dweight and dbias, for the first `c` columns of rows that are `ld` apart.
    void (*layer_norm_weight_gradient)(float *dweight, float *dbias, const float *dy, const float *x, const float *mean,
                                       const float *rstd, size_t ld, size_t t, size_t c);

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

    // The sum of n floats, as fast as memory gives them: what a benchmark measures the machine's limit with
    float (*read)(const float *x, size_t n);

    // ---- Optimiser ------------------------------------------------------------------------------------------------

    double (*sum_of_squares)(const float *x, size_t n);
    // AdamW with decoupled decay: g = gscale·g; m += (1−β1)(g−m); v += (1−β2)(g²−v);
    //     p −= rate·decay·p;  p −= step · m / (√(v·vscale) + ε)
    // where step = rate / (1 − β1ⁿ) and vscale = 1 / (1 − β2ⁿ).
    void (*adamw)(float *p, float *m, float *v, const float *g, size_t n, float gscale, float beta1, float beta2,
                  float epsilon, float step, float vscale, float shrink);
} ck_kernels;

typedef enum ck_level {
    CK_SCALAR = 0,
    CK_NEON = 1,
    CK_AVX2 = 2,
    CK_AVX512 = 3,
    // The sources of CK_AVX512 compiled for AVX2: lets tests run them where the machine lacks AVX-512.
    CK_AVX512_TWIN = 4,
    CK_LEVELS = 5,
} ck_level;

// The kernels of a level, or NULL if this machine (or this build) does not have it.
const ck_kernels *ck_kernels_at(ck_level level);

// The kernels of the best level of this machine, or of the level named by the environment variable RWKV_KERNELS
// (scalar, neon, avx2, avx512) if the machine has it.
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
