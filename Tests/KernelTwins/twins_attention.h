// Twins of attention, the LSTM's cell and the GELU; included by twins.c.

static size_t head_channels(unsigned size) {
    return widths[size] < CK_ATTENTION_LIMIT ? widths[size] : CK_ATTENTION_LIMIT;
}

// Pages of keys and values; the last one is filled as far as any row sees it.
typedef struct {
    float *keys[3], *values[3];
    const float *k[3], *v[3];
} pages_;

static pages_ some_pages(size_t count, size_t n, size_t ldv) {
    pages_ p;
    for (size_t i = 0; i < count; i++) {
        p.k[i] = p.keys[i] = numbers(n * CK_PAGE, -1, 1);
        p.v[i] = p.values[i] = numbers(CK_PAGE * ldv, -2, 2);
    }
    return p;
}

static void free_pages(pages_ *p, size_t count) {
    for (size_t i = 0; i < count; i++) free(p->keys[i]), free(p->values[i]);
}

static double attention(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size] < CK_PAGE ? rows[size] : CK_PAGE, n = head_channels(size), ld = n + 2, ldv = n + 3;
    double worst = 0;
    for (size_t count = 1; count <= 3; count++) {
        pages_ p = some_pages(count, n, ldv);
        float *q = numbers(t * ld, -2, 2), *y[2], *lse[2];
        // The rows end with the page, so that every row's keys are there; a wide spread of scores in the last round.
        size_t seen = size % 2 ? CK_PAGE - t + 1 : 1;
        EACH_TWIN {
            y[i] = numbers(t * ld, 0, 0), lse[i] = numbers(t, 0, 0);
            (i ? scalar : level)
                ->attention(y[i], lse[i], q, p.k, p.v, count, seen, ld, ldv, t, n, count == 3 ? 3.0f : 0.5f);
        }
        free(q);
        free_pages(&p, count);
        worst = worse(worst, worse(compare(y[0], y[1], t * ld), compare(lse[0], lse[1], t)));
    }
    return worst;
}

static double attention_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = head_channels(size), ld = n + 2, ldv = n + 3, first = t < CK_PAGE ? t : CK_PAGE;
    pages_ p = some_pages(1, n, ldv);
    float *q = numbers(t * ld, -1, 1), *dy = numbers(t * ld, -1, 1), *y = numbers(t * ld, 0, 0);
    float *lse = numbers(t, 0, 0), *dq[2], *dk[2], *dv[2];
    for (size_t i = 0; i < t; i += first) {
        size_t some = t - i < first ? t - i : first;
        scalar->attention(y + i * ld, lse + i, q + i * ld, p.k, p.v, 1, 1 + i, ld, ldv, some, n, 0.5f);
    }
    dq[0] = numbers(t * ld, -1, 1), dq[1] = copy(dq[0], t * ld);
    dk[0] = numbers(CK_PAGE * n, -1, 1), dk[1] = copy(dk[0], CK_PAGE * n);
    dv[0] = numbers(CK_PAGE * n, -1, 1), dv[1] = copy(dv[0], CK_PAGE * n);
    EACH_TWIN(i ? scalar : level)
        ->attention_backward(dq[i], dk[i], dv[i], dy, y, q, lse, p.k[0], p.v[0], 1, ld, ldv, t, n, 0.5f);
    free(q), free(dy), free(y), free(lse);
    free_pages(&p, 1);
    return worse(compare(dq[0], dq[1], t * ld),
                 worse(compare(dk[0], dk[1], CK_PAGE * n), compare(dv[0], dv[1], CK_PAGE * n)));
}

static double rotate(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], h = size % 3 + 1, half = widths[size], n = 2 * half, c = h * n;
    float *x = numbers(t * c, -2, 2), *cosines = numbers(t * half, -1, 1), *sines = numbers(t * half, -1, 1), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->rotate(y[i], x, cosines, sines, size % 2 ? 1 : -1, t, h, n);
    }
    free(x), free(cosines), free(sines);
    return compare(y[0], y[1], t * c);
}

static double lstm_cell(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = widths[size], ld = n + 5, all = 3 * ld + n;
    float *x = numbers(all, -3, 3), *r = numbers(all, -3, 3), *before = numbers(n, -2, 2), *h[2], *c[2], *gates[2];
    EACH_TWIN {
        h[i] = numbers(n, 0, 0), c[i] = numbers(n, 0, 0), gates[i] = numbers(all, 0, 0);
        (i ? scalar : level)->lstm_cell(h[i], c[i], gates[i], x, r, before, ld, n);
    }
    free(x), free(r), free(before);
    return worse(compare(h[0], h[1], n), worse(compare(c[0], c[1], n), compare(gates[0], gates[1], all)));
}

static double lstm_cell_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = widths[size], ld = n + 5, all = 3 * ld + n;
    float *dh = numbers(n, -2, 2), *gates = numbers(all, 0, 1), *c = numbers(n, -2, 2), *before = numbers(n, -2, 2);
    float *dx[2], *dc[2];
    dc[0] = numbers(n, -1, 1), dc[1] = copy(dc[0], n);
    EACH_TWIN {
        dx[i] = numbers(all, 0, 0);
        (i ? scalar : level)->lstm_cell_backward(dx[i], dc[i], dh, gates, c, before, ld, n);
    }
    free(dh), free(gates), free(c), free(before);
    return worse(compare(dx[0], dx[1], all), compare(dc[0], dc[1], n));
}

static double gelu(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = rows[size] * widths[size];
    float *x = numbers(n, -9, 9), *y[2];
    EACH_TWIN {
        y[i] = numbers(n, 0, 0);
        (i ? scalar : level)->gelu(y[i], x, n);
    }
    free(x);
    return compare(y[0], y[1], n);
}

static double gelu_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t n = rows[size] * widths[size];
    float *x = numbers(n, -9, 9), *dy = numbers(n, -2, 2), *dx[2];
    EACH_TWIN {
        dx[i] = numbers(n, 0, 0);
        (i ? scalar : level)->gelu_backward(dx[i], dy, x, n);
    }
    free(x), free(dy);
    return compare(dx[0], dx[1], n);
}

// Rows of attention one by one have the bits of all together, also where the pages hold later keys.
static long attention_split_differences(const ck_kernels *kernels) {
    size_t t = 23, n = 41, ld = n + 1;
    pages_ p = some_pages(2, n, n);
    float *q = numbers(t * ld, -2, 2), *whole = numbers(t * ld, 0, 0), *parts = numbers(t * ld, 0, 0);
    kernels->attention(whole, NULL, q, p.k, p.v, 2, 11, ld, n, t, n, 0.3f);
    for (size_t i = 0; i < t; i++)
        kernels->attention(parts + i * ld, NULL, q + i * ld, p.k, p.v, 2, 11 + i, ld, n, 1, n, 0.3f);
    long count = 0;
    for (size_t i = 0; i < t; i++) count += bits_that_differ(whole + i * ld, parts + i * ld, n);
    free(q), free(whole), free(parts);
    free_pages(&p, 2);
    return count;
}
