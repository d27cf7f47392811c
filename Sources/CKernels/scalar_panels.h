// The plain statement of the products of panels; included by level_scalar.c.

static void matmul_panels(float *c, size_t ldc, const uint32_t *a, size_t group, size_t row, size_t column,
                          const uint32_t *b, size_t panel, size_t i, size_t j, size_t q, int accumulate) {
    for (size_t m = 0; m < i; m++)
        for (size_t n = 0; n < j; n++) {
            const uint32_t *left = a + m / CK_PANEL_WIDTH * group + m % CK_PANEL_WIDTH * row;
            const uint32_t *right = b + n / CK_PANEL_WIDTH * panel + n % CK_PANEL_WIDTH;
            float sum = 0;
            for (size_t p = 0; p < q; p++) {
                uint32_t x = left[p * column], w = right[p * CK_PANEL_WIDTH];
                sum += widen((uint16_t)(x >> 16)) * widen((uint16_t)(w >> 16)) + widen((uint16_t)x) * widen((uint16_t)w);
            }
            c[m * ldc + n] = accumulate ? c[m * ldc + n] + sum : sum;
        }
}

static uint32_t pair_of(float even, float odd) { return narrow(even) | (uint32_t)narrow(odd) << 16; }

static void panels_of_columns(uint32_t *b, const float *x, size_t ldx, size_t t, size_t c) {
    for (size_t j = 0; j < c; j += CK_PANEL_WIDTH)
        for (size_t q = 0; q < t; q += 2)
            for (size_t l = j; l < j + CK_PANEL_WIDTH; l++)
                *b++ = l < c ? pair_of(x[q * ldx + l], q + 1 < t ? x[(q + 1) * ldx + l] : 0) : 0;
}

static void panels_of_rows(uint32_t *b, const float *w, size_t ldw, size_t n, size_t k) {
    for (size_t j = 0; j < n; j += CK_PANEL_WIDTH)
        for (size_t q = 0; q < k; q += 2)
            for (size_t l = j; l < j + CK_PANEL_WIDTH; l++)
                *b++ = l < n ? pair_of(w[l * ldw + q], q + 1 < k ? w[l * ldw + q + 1] : 0) : 0;
}
