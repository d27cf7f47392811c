// Twins of the products; included by twins.c.

static double matmul_f32(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size], k = depths[size];
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * n, 0, 0);
        (i ? scalar : level)->matmul_f32(y[i], n, x, k, w, k, t, n, k);
    }
    free(x), free(w);
    return compare(y[0], y[1], t * n);
}

static uint16_t *halves(const float *x, size_t n) {
    uint16_t *h = malloc((n + MARGIN) * sizeof *h);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        h[i] = (uint16_t)(bits >> 16);
    }
    for (size_t i = n; i < n + MARGIN; i++) h[i] = 0x7FC0;
    return h;
}

static double matmul_bf16(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size], k = depths[size];
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *y[2];
    uint16_t *h = halves(w, n * k);
    EACH_TWIN {
        y[i] = numbers(t * n, 0, 0);
        (i ? scalar : level)->matmul_bf16(y[i], n, x, k, h, k, t, n, k);
    }
    free(x), free(w), free(h);
    return compare(y[0], y[1], t * n);
}

static double matmul_pairs(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size], k = depths[size];
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *y[2];
    uint16_t *hx = halves(x, t * k), *hw = halves(w, n * k);
    EACH_TWIN {
        y[i] = numbers(t * n, 0, 0);
        (i ? scalar : level)->matmul_pairs(y[i], n, hx, k, hw, k, t, n, k);
    }
    free(x), free(w), free(hx), free(hw);
    return compare(y[0], y[1], t * n);
}

static uint32_t *words(size_t n) { return calloc(n, sizeof(uint32_t)); }

static double bf16_panels_of(const ck_kernels *level, const ck_kernels *scalar, unsigned size, int of_rows) {
    size_t t = rows[size], c = widths[size], sums = of_rows ? c : t, outputs = of_rows ? t : c;
    size_t count = (outputs + CK_PANEL_WIDTH - 1) / CK_PANEL_WIDTH * CK_PANEL_WIDTH * ((sums + 1) / 2);
    float *x = numbers(t * c, -1, 1);
    x[0] = NAN, x[t * c - 1] = -INFINITY;
    uint32_t *b[2];
    EACH_TWIN {
        b[i] = words(count);
        // What is not written would show.
        memset(b[i], 0x55, count * sizeof *b[i]);
        const ck_kernels *kernels = i ? scalar : level;
        if (of_rows)
            kernels->panels_of_rows(b[i], x, c, t, c);
        else {
            // Rows may come a few at a time, in whole pairs.
            size_t panel = (t + 1) / 2 * CK_PANEL_WIDTH;
            for (size_t row = 0; row < t; row += 6)
                kernels->panels_of_columns(b[i] + row / 2 * CK_PANEL_WIDTH, panel, x + row * c, c, t - row < 6 ? t - row : 6, c);
        }
    }
    int differ = memcmp(b[0], b[1], count * sizeof *b[0]);
    free(x), free(b[0]), free(b[1]);
    return differ ? INFINITY : 0;
}

// The plain statement of it is matmul_pairs.
static double matmul_turned(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    if (!level->matmul_turned) return 0;
    size_t t = rows[size], n = widths[size], k = depths[size];
    float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *y[2] = {numbers(t * n, 0, 0), numbers(t * n, 0, 0)};
    uint16_t *hx = halves(x, t * k), *hw = halves(w, n * k);
    uint32_t *b = words((t + CK_PANEL_WIDTH - 1) / CK_PANEL_WIDTH * ck_turned_words(k));
    scalar->bf16_to_f32(x, hx, t * k);
    level->turn_rows(b, x, k, t, k);
    level->matmul_turned(y[0], n, b, hw, k, t, n, k);
    scalar->matmul_pairs(y[1], n, hx, k, hw, k, t, n, k);
    free(x), free(w), free(hx), free(hw), free(b);
    return compare(y[0], y[1], t * n);
}

// Numbers of matmul_turned that are not those of matmul_pairs: whole, and by odd groups of outputs. Rows and sums are of one
// part and of several.
static long turned_split_differences(const ck_kernels *kernels) {
    static const size_t shapes[][3] = {{23, 71, 83}, {5, 33, 64}, {16, 16, 1}, {20, 40, 1088}, {70, 19, 4225}, {129, 40, 96}};
    if (!kernels->matmul_turned) return 0;
    long count = 0;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        size_t t = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
        float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1);
        float *whole = numbers(t * n, 0, 0), *turned = numbers(t * n, 0, 0);
        uint16_t *hx = halves(x, t * k), *hw = halves(w, n * k);
        size_t size = (t + CK_PANEL_WIDTH - 1) / CK_PANEL_WIDTH * ck_turned_words(k);
        uint32_t *b = words(size);
        memset(b, 0x55, size * sizeof *b);
        kernels->bf16_to_f32(x, hx, t * k);
        kernels->matmul_pairs(whole, n, hx, k, hw, k, t, n, k);
        kernels->turn_rows(b, x, k, t, k);
        for (size_t step = 31; step <= n + 31; step += n) {
            for (size_t j = 0; j < n; j += step)
                kernels->matmul_turned(turned + j, n, b, hw + j * k, k, t, n - j < step ? n - j : step, k);
            count += bits_that_differ(whole, turned, t * n);
        }
        free(x), free(w), free(hx), free(hw), free(b), free(whole), free(turned);
    }
    return count;
}

static double panels_of_columns(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return bf16_panels_of(level, scalar, size, 0);
}

static double panels_of_rows(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return bf16_panels_of(level, scalar, size, 1);
}

// Both forms of the left side (rows of pairs, and panels), beginning at zero and at what is there.
static double matmul_panels(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size], k = depths[size], q = (k + 1) / 2;
    double worst = 0;
    for (int form = 0; form < 4; form++) {
        int panels = form & 1, accumulate = form >> 1;
        float *x = numbers(t * k, -1, 1), *w = numbers(n * k, -1, 1), *c[2];
        uint32_t *b = words((n + 31) / 32 * 32 * q), *a = words((t + 31) / 32 * 32 * q);
        scalar->panels_of_rows(b, w, k, n, k);
        scalar->panels_of_rows(a, x, k, t, k);
        if (!panels)
            for (size_t i = 0; i < t; i++) {
                uint16_t *h = halves(x + i * k, k);
                if (k % 2) h[k] = 0;
                memcpy(a + i * q, h, q * sizeof *a);
                free(h);
            }
        c[0] = numbers(t * n, -1, 1), c[1] = copy(c[0], t * n);
        EACH_TWIN (i ? scalar : level)
            ->matmul_panels(c[i], n, a, 32 * q, panels ? 1 : q, panels ? 32 : 1, b, 32 * q, t, n, q, accumulate);
        free(x), free(w), free(a), free(b);
        worst = worse(worst, compare(c[0], c[1], t * n));
    }
    return worst;
}

// Both forms of the first operand (rows contiguous, columns contiguous), beginning at zero and at what is there.
static double matmul_add(const ck_kernels *level, const ck_kernels *scalar, unsigned size, int is_half) {
    size_t m = rows[size], n = widths[size], p = depths[size];
    double worst = 0;
    for (int form = 0; form < 4; form++) {
        int transposed = form & 1, accumulate = form >> 1;
        float *a = numbers(m * p, -1, 1), *b = numbers(p * n, -1, 1), *c[2];
        uint16_t *h = halves(b, p * n);
        size_t row = transposed ? 1 : p, column = transposed ? m : 1;
        c[0] = numbers(m * n, -1, 1), c[1] = copy(c[0], m * n);
        EACH_TWIN {
            const ck_kernels *kernels = i ? scalar : level;
            if (is_half)
                kernels->matmul_add_bf16(c[i], n, a, row, column, h, n, m, n, p, accumulate);
            else
                kernels->matmul_add_f32(c[i], n, a, row, column, b, n, m, n, p, accumulate);
        }
        free(a), free(b), free(h);
        worst = worse(worst, compare(c[0], c[1], m * n));
    }
    return worst;
}

static double matmul_add_f32(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return matmul_add(level, scalar, size, 0);
}

static double matmul_add_bf16(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return matmul_add(level, scalar, size, 1);
}

