// Products of pairs of bfloat16 for many rows of x at once; included by vector_level.h.
//
// vector_pairs.h adds up, in lane l of a vector, the pairs p ≡ l (mod VW) of an output, and then the lanes. Here a lane is a
// row of x, and the sums over p ≡ l are made one l after the other: a number of the weights is used by as many rows as there
// are lanes, and no vector of x is read for a single output. What is added to what, and when, is the same, and so are the bits.
//
// Of x, whose rows are laid out beforehand, a panel has CK_PANEL_WIDTH rows, and in it stands for each l and each step s, one
// after the other, pair s · VW + l of all its rows. The weights of VW outputs are laid out likewise as they are used, if they
// are used by more than one panel.

// The steps of weights that are laid out at a time, and the panels that use them meanwhile; the steps of weights that stay in
// the first-level cache as they are.
#define TURNED_STEPS 128
#define TURNED_PANELS 2
#define STRAIGHT_STEPS 32

typedef uint32_t pair_of_halves __attribute__((aligned(2), may_alias));
typedef float turned_sums[VW][VW][CK_PANEL_WIDTH];

INLINE size_t turned_steps(size_t k) { return (k + 2 * VW - 1) / (2 * VW); }

// 2 · VW numbers, of which the last may be missing.
INLINE vu narrow_step(const float *x, size_t left) {
    vh halves[2] = {narrow_halves(load_part(x, left)), {0}};
    if (left > VW) halves[1] = narrow_halves(load_part(x + VW, left - VW));
    vu pairs;
    memcpy(&pairs, halves, sizeof pairs);
    return pairs;
}

static void turn_rows(uint32_t *b, const float *x, size_t ldx, size_t t, size_t k) {
    size_t steps = turned_steps(k);
    // What is missing of the last panel is zero.
    for (size_t j = 0; j < (t + CK_PANEL_WIDTH - 1) / CK_PANEL_WIDTH * CK_PANEL_WIDTH; j += VW) {
        uint32_t *to = b + j / CK_PANEL_WIDTH * ck_turned_words(k) + j % CK_PANEL_WIDTH;
        for (size_t s = 0; s < steps; s++, to += CK_PANEL_WIDTH) {
            size_t p = 2 * VW * s;
            vu rows[VW];
            for (size_t i = 0; i < VW; i++) rows[i] = j + i < t ? narrow_step(x + (j + i) * ldx + p, k - p) : (vu){};
            transpose_words(rows);
            for (size_t l = 0; l < VW; l++) *(vu_halves *)(to + l * steps * CK_PANEL_WIDTH) = rows[l];
        }
    }
}

// Lays `steps` steps of VW outputs out: pair s · VW + l of output i is at to[(l · steps + s) · VW + i].
INLINE void turn_weights(uint32_t *to, const uint16_t *w, size_t ldw, size_t outputs, size_t k, size_t steps) {
    for (size_t s = 0; s < steps; s++) {
        size_t p = 2 * VW * s;
        vu rows[VW];
        if (outputs == VW && p + 2 * VW <= k) {
#pragma clang loop unroll(full)
            for (int i = 0; i < VW; i++) rows[i] = load_pairs(w + i * ldw + p);
        } else {
            for (size_t i = 0; i < VW; i++) {
                const uint16_t *from = w + i * ldw + p;
                rows[i] = i >= outputs ? (vu){} : p + 2 * VW <= k ? load_pairs(from) : load_pairs_part(from, k - p);
            }
        }
        transpose_words(rows);
#pragma clang loop unroll(full)
        for (int l = 0; l < VW; l++) *(vu_halves *)(to + (l * steps + s) * VW) = rows[l];
    }
}

// Adds one l: w and x are its steps, and the outputs' weights are ldw apart. If `ahead` is not NULL, the weights there are
// asked for, evenly over time.
INLINE void turned_pass(float (*sums)[CK_PANEL_WIDTH], const uint16_t *w, size_t ldw, const uint32_t *x, size_t steps,
                        const int outputs, const int vectors, int accumulate, const uint16_t *ahead) {
    vf acc[VW][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) acc[i][v] = accumulate ? load(&sums[i][v * VW]) : (vf){};
    for (size_t s = 0; s < steps; s++) {
        if (ahead) __builtin_prefetch(ahead + s * 2 * VW, 0, 2);
        vu xs[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) xs[v] = *(const vu_halves *)(x + s * CK_PANEL_WIDTH + v * VW);
#pragma clang loop unroll(full)
        for (int i = 0; i < outputs; i++) {
            vu pair = *(const pair_of_halves *)(w + i * ldw + s * 2 * VW) - (vu){};
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) acc[i][v] = add_pairs(acc[i][v], pair, xs[v]);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) store(&sums[i][v * VW], acc[i][v]);
}

// All l of some steps of VW outputs and up to CK_PANEL_WIDTH rows; `next` are the weights that are needed next.
INLINE void turned_passes(turned_sums sums, const uint32_t *weights, const uint32_t *x, size_t lane, size_t steps,
                          size_t rows, int accumulate, const uint16_t *next, size_t ldw) {
    const uint16_t *w = (const uint16_t *)weights;
    for (size_t l = 0; l < VW; l++, x += lane, w += steps * 2 * VW)
        for (size_t r = 0; r < rows; r += 2 * VW) {
            const uint16_t *ahead = next && r == 0 ? next + l * ldw : NULL;
            float(*to)[CK_PANEL_WIDTH] = (float(*)[CK_PANEL_WIDTH])&sums[l][0][r];
            if (rows - r > VW) {
                turned_pass(to, w, 2, x + r, steps, VW / 2, 2, accumulate, ahead);
                turned_pass(to + VW / 2, w + VW, 2, x + r, steps, VW / 2, 2, accumulate, NULL);
            } else {
                turned_pass(to, w, 2, x + r, steps, VW, 1, accumulate, ahead);
            }
        }
}

// The same from the weights as they are, half of the outputs after the other; `next` is how much further on the next ones are.
INLINE void straight_passes(turned_sums sums, const uint16_t *w, size_t ldw, const uint32_t *x, size_t lane, size_t steps,
                            size_t next) {
    for (int half = 0; half < VW; half += VW / 2, w += VW / 2 * ldw)
        for (size_t start = 0; start < steps; start += STRAIGHT_STEPS) {
            const size_t count = steps - start < STRAIGHT_STEPS ? steps - start : STRAIGHT_STEPS, p = start * 2 * VW;
            for (size_t l = 0; l < VW; l++)
                for (size_t r = 0; r < CK_PANEL_WIDTH; r += 2 * VW) {
                    const uint16_t *ahead = next && r == 0 && l % 2 == 0 ? w + next + l / 2 * ldw + p : NULL;
                    turned_pass((float(*)[CK_PANEL_WIDTH])&sums[l][half][r], w + p + 2 * l, ldw,
                                x + l * lane + start * CK_PANEL_WIDTH + r, count, VW / 2, 2, start > 0, ahead);
                }
        }
}

// Adds the sums over all l by sum_lanes4's tree, and turns outputs and rows round again.
INLINE void turned_finish(float *y, size_t ldy, turned_sums sums, size_t rows, size_t outputs) {
    for (size_t r = 0; r < rows; r += VW) {
        vu columns[VW];
        for (int o = 0; o < VW; o++) {
            vf part[VW];
#pragma clang loop unroll(full)
            for (int l = 0; l < VW; l++) part[l] = load(&sums[l][o][r]);
#pragma clang loop unroll(full)
            for (int width = 1; width < VW; width *= 2)
#pragma clang loop unroll(full)
                for (int l = 0; l < VW; l += 2 * width) part[l] += part[l + width];
            columns[o] = (vu)part[0];
        }
        transpose_words(columns);
        for (size_t i = r; i < rows && i < r + VW; i++) store_part(y + i * ldy, (vf)columns[i - r], outputs);
    }
}

static void matmul_turned(float *y, size_t ldy, const uint32_t *x, const uint16_t *w, size_t ldw, size_t t, size_t n,
                          size_t k) {
    _Alignas(64) uint32_t weights[VW * TURNED_STEPS * VW];
    _Alignas(64) turned_sums sums[TURNED_PANELS];
    const size_t steps = turned_steps(k), lane = steps * CK_PANEL_WIDTH, group = TURNED_PANELS * CK_PANEL_WIDTH;
    for (size_t j = 0; j < n; j += VW) {
        const size_t outputs = n - j < VW ? n - j : VW;
        if (t > VW && t <= CK_PANEL_WIDTH && outputs == VW && k % (2 * VW) == 0) {
            for (size_t r = 0; r < t; r++) __builtin_prefetch(y + r * ldy + j, 1, 3);
            straight_passes(sums[0], w + j * ldw, ldw, x, lane, steps, j + 2 * VW <= n ? VW * ldw : 0);
            turned_finish(y + j, ldy, sums[0], t, outputs);
            continue;
        }
        for (size_t first = 0; first < t; first += group)
            for (size_t start = 0; start < steps; start += TURNED_STEPS) {
                const size_t count = steps - start < TURNED_STEPS ? steps - start : TURNED_STEPS, p = 2 * VW * start;
                // They are there still if there is one part of them only.
                if (first == 0 || steps > TURNED_STEPS) turn_weights(weights, w + j * ldw + p, ldw, outputs, k - p, count);
                // The first rows are those that wait for weights.
                const uint16_t *next = first == 0 && j + 2 * VW <= n ? w + (j + VW) * ldw + p : NULL;
                for (size_t i = first; i < t && i < first + group; i += CK_PANEL_WIDTH) {
                    const size_t rows = t - i < CK_PANEL_WIDTH ? t - i : CK_PANEL_WIDTH, panel = i / CK_PANEL_WIDTH;
                    float(*own)[VW][CK_PANEL_WIDTH] = sums[panel % TURNED_PANELS], *to = y + i * ldy + j;
                    // Lines far apart would each be waited for when they are written.
                    if (start == 0)
                        for (size_t r = 0; r < rows; r++) __builtin_prefetch(to + r * ldy, 1, 3);
                    turned_passes(own, weights, x + panel * ck_turned_words(k) + start * CK_PANEL_WIDTH, lane, count, rows,
                                  start > 0, i == 0 ? next : NULL, ldw);
                    if (start + count == steps) turned_finish(to, ldy, own, rows, outputs);
                }
            }
    }
}
