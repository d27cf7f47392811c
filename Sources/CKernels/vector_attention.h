// Attention for one level; included by vector_level.h. CKernels.h states what is computed.
//
// The keys of a page are transposed, so that every product here is c[i, j] = Σ_p a(i, p) · b[p, j]: an element of a times a
// vector of b, summed over p in order. A row's bits depend on the row and on the keys that it sees, and not on the rows
// beside it: a tile of rows goes through the keys that all of its rows see together, and each row through the rest alone.

INLINE void attention_tile(float *c, size_t ldc, const float *a, size_t row, size_t column, const float *b, size_t ldb,
                           size_t p, size_t left, int accumulate, const int rows, const int vectors, const int whole) {
    vf acc[MR][4];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const float *from = c + i * ldc + v * VW;
            acc[i][v] = !accumulate ? (vf){} : whole ? load(from) : load_part(from, left);
        }
    for (size_t q = 0; q < p; q++) {
        vf bs[4];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const float *from = b + q * ldb + v * VW;
            bs[v] = whole ? load(from) : load_part(from, left);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            vf s = splat(a[i * row + q * column]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) acc[i][v] = fma_(s, bs[v], acc[i][v]);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            float *to = c + i * ldc + v * VW;
            if (whole)
                store(to, acc[i][v]);
            else
                store_part(to, acc[i][v], left);
        }
}

INLINE void attention_rows(float *c, size_t ldc, const float *a, size_t row, size_t column, const float *b, size_t ldb,
                           size_t j, size_t p, int accumulate, const int rows) {
    size_t s = 0;
    for (; s + 4 * VW <= j; s += 4 * VW)
        attention_tile(c + s, ldc, a, row, column, b + s, ldb, p, 0, accumulate, rows, 4, 1);
    for (; s + VW <= j; s += VW) attention_tile(c + s, ldc, a, row, column, b + s, ldb, p, 0, accumulate, rows, 1, 1);
    if (s < j) attention_tile(c + s, ldc, a, row, column, b + s, ldb, p, j - s, accumulate, rows, 1, 0);
}

// c[i, j] = Σ_p a[i·row + p·column] · b[p, j], added to c if `accumulate`
static void attention_product(float *c, size_t ldc, const float *a, size_t row, size_t column, const float *b, size_t ldb,
                              size_t i, size_t j, size_t p, int accumulate) {
    size_t r = 0;
    for (; r + MR <= i; r += MR)
        attention_rows(c + r * ldc, ldc, a + r * row, row, column, b, ldb, j, p, accumulate, MR);
    for (; r < i; r++) attention_rows(c + r * ldc, ldc, a + r * row, row, column, b, ldb, j, p, accumulate, 1);
}

// All ones for the lanes of keys before `count`, of the VW keys from `first` on.
INLINE vi attention_mask(size_t first, size_t count) {
    vi lanes;
#pragma clang loop unroll(full)
    for (int i = 0; i < VW; i++) lanes[i] = i;
    int32_t limit = count > first ? (int32_t)(count - first) : 0;
    return lanes < (vi){} + limit;
}

// A row's scores of a page become weights relative to the row's largest score so far; what it has gathered is rescaled.
INLINE void attention_weights(float *s, float *top, float *sum, float *y, size_t n, size_t count, float scale) {
    vf best = splat(-__builtin_inff());
    for (size_t j = 0; j < count; j += VW) {
        vf v = select_(attention_mask(j, count), load(s + j) * splat(scale), splat(-__builtin_inff()));
        store(s + j, v);
        best = max_(best, v);
    }
    float highest = *top;
    for (int i = 0; i < VW; i++) highest = best[i] > highest ? best[i] : highest;
    float shrink = exp_(splat(*top - highest))[0];
    vf total = {};
    for (size_t j = 0; j < count; j += VW) {
        vf e = select_(attention_mask(j, count), exp_(load(s + j) - splat(highest)), splat(0.0f));
        store(s + j, e);
        total += e;
    }
    *top = highest;
    *sum = __builtin_fmaf(*sum, shrink, sum_lanes(total));
    if (shrink != 1.0f) EACH(n) store_part(y + i, load_part(y + i, left) * splat(shrink), left);
}

static void attention(float *y, float *lse, const float *q, const float *const *keys, const float *const *values,
                      size_t pages, size_t seen, size_t ld, size_t ldv, size_t t, size_t n, float scale) {
    float top[CK_PAGE], sum[CK_PAGE];
    _Alignas(64) float s[MR * CK_PAGE];
    for (size_t i = 0; i < t; i++) {
        top[i] = -__builtin_inff(), sum[i] = 0;
        memset(y + i * ld, 0, n * sizeof(float));
    }
    for (size_t page = 0; page < pages; page++) {
        for (size_t i = 0, rows; i < t; i += rows) {
            rows = t - i >= MR ? MR : 1;
            attention_product(s, CK_PAGE, q + i * ld, ld, 1, keys[page], CK_PAGE, rows, CK_PAGE, n, 0);
            size_t first = page + 1 < pages ? CK_PAGE : seen + i;
            if (first > CK_PAGE) first = CK_PAGE;
            for (size_t r = 0; r < rows; r++) {
                size_t count = first + r < CK_PAGE ? first + r : CK_PAGE;
                attention_weights(s + r * CK_PAGE, top + i + r, sum + i + r, y + (i + r) * ld, n, count, scale);
            }
            attention_product(y + i * ld, ld, s, CK_PAGE, 1, values[page], ldv, rows, n, first, 1);
            for (size_t r = 1; r < rows && first < CK_PAGE; r++) {
                size_t count = first + r < CK_PAGE ? first + r : CK_PAGE;
                attention_product(y + (i + r) * ld, ld, s + r * CK_PAGE + first, CK_PAGE, 1, values[page] + first * ldv,
                                  ldv, 1, n, count - first, 1);
            }
        }
    }
    for (size_t i = 0; i < t; i++) {
        float *row = y + i * ld;
        vf share = splat(1.0f / sum[i]);
        size_t c = 0;
        for (size_t left = n; c < n; c += VW, left = n - c) store_part(row + c, load_part(row + c, left) * share, left);
        if (lse) lse[i] = top[i] + __builtin_logf(sum[i]);
    }
}

// With p(i, j) = e^{s(i, j) − lse[i]}:  dv = pᵀ dy;  ds = p ⊙ (dy vᵀ − ⟨dy, y⟩) · scale;  dq = ds k;  dk = dsᵀ q.
// Dao et al. 2022 (arXiv:2205.14135), appendix B.
static void attention_backward(float *dq, float *dk, float *dv, const float *dy, const float *y, const float *q,
                               const float *lse, const float *keys, const float *values, size_t seen, size_t ld,
                               size_t ldv, size_t t, size_t n, float scale) {
    _Alignas(64) float key_rows[CK_PAGE * CK_ATTENTION_LIMIT], value_columns[CK_ATTENTION_LIMIT * CK_PAGE];
    _Alignas(64) float s[CK_PAGE * CK_PAGE], d[CK_PAGE * CK_PAGE];
    for (size_t c = 0; c < n; c++)
        for (size_t j = 0; j < CK_PAGE; j++) {
            key_rows[j * n + c] = keys[c * CK_PAGE + j];
            value_columns[c * CK_PAGE + j] = values[j * ldv + c];
        }
    for (size_t i0 = 0; i0 < t; i0 += CK_PAGE) {
        size_t rows = t - i0 < CK_PAGE ? t - i0 : CK_PAGE;
        const float *g = dy + i0 * ld, *x = q + i0 * ld, *z = y + i0 * ld;
        attention_product(s, CK_PAGE, x, ld, 1, keys, CK_PAGE, rows, CK_PAGE, n, 0);
        attention_product(d, CK_PAGE, g, ld, 1, value_columns, CK_PAGE, rows, CK_PAGE, n, 0);
        for (size_t r = 0; r < rows; r++) {
            size_t count = seen + i0 + r < CK_PAGE ? seen + i0 + r : CK_PAGE;
            vf dots = {};
            EACH(n) dots = fma_(load_part(g + r * ld + i, left), load_part(z + r * ld + i, left), dots);
            vf dot = splat(sum_lanes(dots)), base = splat(lse[i0 + r]);
            for (size_t j = 0; j < CK_PAGE; j += VW) {
                vi mask = attention_mask(j, count);
                vf p = exp_(fma_(load(s + r * CK_PAGE + j), splat(scale), -base));
                p = select_(mask, p, splat(0.0f));
                vf ds = p * (load(d + r * CK_PAGE + j) - dot) * splat(scale);
                store(s + r * CK_PAGE + j, p);
                store(d + r * CK_PAGE + j, select_(mask, ds, splat(0.0f)));
            }
        }
        attention_product(dq + i0 * ld, ld, d, CK_PAGE, 1, key_rows, n, rows, n, CK_PAGE, 1);
        attention_product(dv, n, s, 1, CK_PAGE, g, ld, CK_PAGE, n, rows, 1);
        attention_product(dk, n, d, 1, CK_PAGE, x, ld, CK_PAGE, n, rows, 1);
    }
}

static void rotate(float *y, const float *x, const float *cosines, const float *sines, float direction, size_t t, size_t h,
                   size_t n) {
    size_t half = n / 2;
    for (size_t row = 0; row < t; row++, cosines += half, sines += half)
        for (size_t head = 0; head < h; head++, x += n, y += n) EACH(half) {
                vf c = load_part(cosines + i, left), s = load_part(sines + i, left) * splat(direction);
                vf a = load_part(x + i, left), b = load_part(x + half + i, left);
                store_part(y + i, fma_(a, c, -(b * s)), left);
                store_part(y + half + i, fma_(b, c, a * s), left);
            }
}
