// Twins of the products with packed quantised weights; included by twins.c. Their sums are exact integers, or go in the
// order of k: every level must give the same bits.

static const ck_quantization quantizations[] = {CK_Q4_0, CK_Q4_1, CK_Q5_0, CK_Q5_1, CK_Q8_0, CK_Q4_K, CK_Q5_K, CK_Q6_K};
enum { QUANTIZATIONS = sizeof quantizations / sizeof *quantizations };

static size_t packed_depth(ck_quantization type, unsigned size) {
    return (size_t)CK_STEP * (size_t)ck_packing_of(type).steps * (1 + size % 3);
}

// Random integers with scales from −0.1 to 0.1, in panels. Behind them lie bytes of 0x7F, which are NaN as scales.
// With `all` from 0 to 255, every byte but the scales' is that: sums grow as large as they can.
static uint8_t *panels_of(ck_quantization type, size_t n, size_t k, int all) {
    ck_packing p = ck_packing_of(type);
    size_t stride = k / CK_STEP / (size_t)p.steps * (size_t)p.source, bytes = n * stride;
    uint8_t *rows = malloc(bytes);
    for (size_t i = 0; i < bytes; i++) rows[i] = all < 0 ? (uint8_t)uniform(0, 256) : (uint8_t)all;
    for (size_t i = 0; i < bytes; i += (size_t)p.source) {
        // 0x2xxx is below 0.0313, 0xAxxx above −0.0313.
        uint8_t *d = rows + i + (type == CK_Q6_K ? 208 : 0);
        d[1] = (uint8_t)((d[1] & 0x8F) | 0x20);
        if (p.has_minimum) d[3] = (uint8_t)((d[3] & 0x8F) | 0x20);
    }
    size_t size = ck_packed_size(type, n, k), panel = ck_packed_size(type, CK_PANEL, k);
    uint8_t *panels = malloc(size + MARGIN);
    memset(panels + size, 0x7F, MARGIN);
    for (size_t j = 0; j < n; j += CK_PANEL)
        ck_pack_panel(type, panels + j / CK_PANEL * panel, rows + j * stride, stride, n - j < CK_PANEL ? n - j : CK_PANEL, k);
    free(rows);
    return panels;
}

static uint8_t *random_panels(ck_quantization type, size_t n, size_t k) { return panels_of(type, n, k, -1); }

static double matmul_packed_exact(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    double worst = 0;
    for (int q = 0; q < QUANTIZATIONS; q++) {
        size_t t = rows[size], n = widths[size], k = packed_depth(quantizations[q], size);
        float *x = numbers(t * k, -1, 1), *y[2];
        uint8_t *panels = random_panels(quantizations[q], n, k);
        EACH_TWIN {
            y[i] = numbers(t * n, 0, 0);
            (i ? scalar : level)->matmul_packed_exact(quantizations[q], y[i], n, x, k, panels, t, n, k);
        }
        free(x), free(panels);
        worst = worse(worst, compare(y[0], y[1], t * n));
    }
    return worst;
}

static double matmul_packed(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    double worst = 0;
    for (int q = 0; q < QUANTIZATIONS; q++) {
        size_t t = rows[size], n = widths[size], k = packed_depth(quantizations[q], size), steps = k / CK_STEP;
        // The rows are some of more, as in a block of a larger product.
        size_t all = t + size;
        // Some of the sizes have the largest integers everywhere, or the most negative ones, for few rows and for many.
        static const int bytes[SIZES] = {-1, -1, -1, 0xFF, 0x80, -1, -1, 0x7F, 0xFF};
        float *x = numbers(all * k, -1, 1), *y[2];
        if (bytes[size] >= 0)
            for (size_t i = 0; i < all * k; i++) x[i] = bytes[size] == 0x80 ? -1 : 1;
        ck_activations *a = malloc(all * steps * sizeof *a);
        scalar->quantize_rows(a, all, x, k, all, k);
        uint8_t *panels = panels_of(quantizations[q], n, k, bytes[size]);
        EACH_TWIN {
            y[i] = numbers(t * n, 0, 0);
            (i ? scalar : level)->matmul_packed(quantizations[q], y[i], n, a + size, all, panels, t, n, k);
        }
        free(x), free(panels), free(a);
        worst = worse(worst, compare(y[0], y[1], t * n));
    }
    return worst;
}

// Every member as a number. The last row has a zero step, the one before an infinity if there is one.
static double quantize_rows(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], k = CK_STEP * (1 + size % 5), steps = k / CK_STEP, members = CK_STEP + 4;
    float *x = numbers(t * k, -3, 3), *all[2];
    memset(x + (t - 1) * k, 0, CK_STEP * sizeof *x);
    if (t > 1) x[(t - 2) * k + size] = size % 2 ? INFINITY : NAN;
    EACH_TWIN {
        ck_activations *a = malloc(t * steps * sizeof *a);
        (i ? scalar : level)->quantize_rows(a, t, x, k, t, k);
        all[i] = numbers(t * steps * members, 0, 0);
        for (size_t s = 0; s < t * steps; s++) {
            float *to = all[i] + s * members;
            for (int l = 0; l < CK_STEP; l++) to[l] = a[s].q[l];
            // NaN is what an unfinished number gives; it is counted as one sort of number.
            to[CK_STEP] = a[s].scale == a[s].scale ? a[s].scale : 1e9f;
            to[CK_STEP + 1] = a[s].scaled_sum == a[s].scaled_sum ? a[s].scaled_sum : 1e9f;
            to[CK_STEP + 2] = (float)a[s].sums[0];
            to[CK_STEP + 3] = (float)a[s].sums[1];
        }
        free(a);
    }
    free(x);
    return compare(all[0], all[1], t * steps * members);
}

static double matmul_f16(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size], k = depths[size];
    float *x = numbers(t * k, -1, 1), *y[2];
    uint16_t *h = malloc((n * k + MARGIN) * sizeof *h);
    // All finite half-precision numbers below 2, subnormal ones included; NaN behind them.
    for (size_t i = 0; i < n * k; i++) h[i] = (uint16_t)((unsigned)uniform(0, 0x4000) | (uniform(0, 1) < 0.5f ? 0x8000u : 0));
    for (size_t i = n * k; i < n * k + MARGIN; i++) h[i] = 0x7E00;
    EACH_TWIN {
        y[i] = numbers(t * n, 0, 0);
        (i ? scalar : level)->matmul_f16(y[i], n, x, k, h, k, t, n, k);
    }
    free(x), free(h);
    return compare(y[0], y[1], t * n);
}

// A row's bits do not depend on its neighbours, nor an output's on the others.
static long packed_split_differences(const ck_kernels *kernels) {
    long count = 0;
    for (int q = 0; q < QUANTIZATIONS; q++) {
        ck_quantization type = quantizations[q];
        size_t t = 70, n = 150, k = 2 * packed_depth(type, 0), panel = ck_packed_size(type, CK_PANEL, k);
        float *x = numbers(t * k, -1, 1);
        ck_activations *a = malloc(t * k / CK_STEP * sizeof *a);
        kernels->quantize_rows(a, t, x, k, t, k);
        uint8_t *panels = random_panels(type, n, k);
        for (int exact = 0; exact < 2; exact++) {
            float *whole = numbers(t * n, 0, 0), *parts = numbers(t * n, 0, 0);
            if (exact)
                kernels->matmul_packed_exact(type, whole, n, x, k, panels, t, n, k);
            else
                kernels->matmul_packed(type, whole, n, a, t, panels, t, n, k);
            // One row in two, of those that are alone, in one piece.
            for (size_t i = 0; i < t; i += 1 + i % 3)
                for (size_t j = 0, room = i % 6 ? CK_PANEL : n; j < n; j += room) {
                    size_t rows = t - i < 1 + i % 3 ? t - i : 1 + i % 3, outputs = n - j < room ? n - j : room;
                    float *y = parts + i * n + j;
                    const uint8_t *w = panels + j / CK_PANEL * panel;
                    if (exact)
                        kernels->matmul_packed_exact(type, y, n, x + i * k, k, w, rows, outputs, k);
                    else
                        kernels->matmul_packed(type, y, n, a + i, t, w, rows, outputs, k);
                }
            count += bits_that_differ(whole, parts, t * n);
            free(whole), free(parts);
        }
        free(x), free(a), free(panels);
    }
    return count;
}
