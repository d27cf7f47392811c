// Twins of the recurrences whose state is a matrix, those of RWKV-5, 6 and 7; included by twins.c.

// Rows wider than the head, as they are in a model, and heads of these sizes.
static const size_t heads[SIZES] = {1, 3, 4, 8, 33, 64, 64, 36, 64};

// The decay is the same for all rows (RWKV-5) or each row's own (RWKV-6).
static double wkv6_of(const ck_kernels *level, const ck_kernels *scalar, unsigned size, int own) {
    size_t t = rows[size], n = heads[size], ld = n + 5, ldd = own ? ld : 0, all = t * ld;
    float *r = numbers(all, -1, 1), *k = numbers(all, -1, 1), *v = numbers(all, -1, 1), *d = numbers(all, 0.2f, 1);
    float *u = numbers(n, -1, 1), *y[2], *s[2];
    s[0] = numbers(n * n, -1, 1), s[1] = copy(s[0], n * n);
    EACH_TWIN {
        y[i] = numbers(all, 0, 0);
        (i ? scalar : level)->wkv6(y[i], r, k, v, d, u, s[i], ld, ldd, t, n);
    }
    free(r), free(k), free(v), free(d), free(u);
    // The sums of a single channel may cancel; the terms are of order 1.
    return worse(compare_to(0.1, y[0], y[1], all), compare(s[0], s[1], n * n));
}

static double wkv6(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(wkv6_of(level, scalar, size, 0), wkv6_of(level, scalar, size, 1));
}

static double wkv6_backward_of(const ck_kernels *level, const ck_kernels *scalar, unsigned size, int own) {
    size_t t = rows[size], n = heads[size], ld = n + 5, ldd = own ? ld : 0, all = t * ld, decays = own ? all : n;
    float *r = numbers(all, -1, 1), *k = numbers(all, -1, 1), *v = numbers(all, -1, 1), *d = numbers(decays, 0.2f, 1);
    float *u = numbers(n, -1, 1), *dy = numbers(all, -1, 1), *states = numbers(t * n * n, -1, 1);
    float *dr[2], *dk[2], *dv[2], *dd[2], *du[2], *ds[2];
    dd[0] = numbers(decays, -1, 1), du[0] = numbers(n, -1, 1), ds[0] = numbers(n * n, -1, 1);
    dd[1] = copy(dd[0], decays), du[1] = copy(du[0], n), ds[1] = copy(ds[0], n * n);
    EACH_TWIN {
        dr[i] = numbers(all, 0, 0), dk[i] = numbers(all, 0, 0), dv[i] = numbers(all, 0, 0);
        (i ? scalar : level)
            ->wkv6_backward(dr[i], dk[i], dv[i], dd[i], du[i], ds[i], dy, r, k, v, d, u, states, ld, ldd, t, n);
    }
    free(r), free(k), free(v), free(d), free(u), free(dy), free(states);
    double rows_ = worse(worse(compare(dr[0], dr[1], all), compare(dk[0], dk[1], all)), compare(dv[0], dv[1], all));
    return worse(worse(rows_, compare(dd[0], dd[1], decays)),
                 worse(compare(du[0], du[1], n), compare(ds[0], ds[1], n * n)));
}

static double wkv6_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(wkv6_backward_of(level, scalar, size, 0), wkv6_backward_of(level, scalar, size, 1));
}

// kk is a unit vector in a model; a state that is not made to grow without bound is all that matters here.
static double wkv7(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = heads[size], ld = n + 5, all = t * ld;
    float bound = 1 / sqrtf((float)n);
    float *r = numbers(all, -1, 1), *d = numbers(all, 0.5f, 1), *k = numbers(all, -1, 1), *v = numbers(all, -1, 1);
    float *kk = numbers(all, -bound, bound), *a = numbers(all, 0, 1), *y[2], *s[2];
    s[0] = numbers(n * n, -1, 1), s[1] = copy(s[0], n * n);
    EACH_TWIN {
        y[i] = numbers(all, 0, 0);
        (i ? scalar : level)->wkv7(y[i], r, d, k, v, kk, a, s[i], ld, t, n);
    }
    free(r), free(d), free(k), free(v), free(kk), free(a);
    return worse(compare_to(0.1, y[0], y[1], all), compare(s[0], s[1], n * n));
}

static double wkv7_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = heads[size], ld = n + 5, all = t * ld;
    float bound = 1 / sqrtf((float)n);
    float *r = numbers(all, -1, 1), *d = numbers(all, 0.5f, 1), *k = numbers(all, -1, 1), *v = numbers(all, -1, 1);
    float *kk = numbers(all, -bound, bound), *a = numbers(all, 0, 1), *dy = numbers(all, -1, 1);
    // The state before the first row, and room.
    float *states[2] = {numbers((t + 1) * n * n, -1, 1)}, *g[2][6], *ds[2];
    states[1] = copy(states[0], (t + 1) * n * n);
    ds[0] = numbers(n * n, -1, 1), ds[1] = copy(ds[0], n * n);
    EACH_TWIN {
        for (int j = 0; j < 6; j++) g[i][j] = numbers(all, 0, 0);
        (i ? scalar : level)
            ->wkv7_backward(g[i][0], g[i][1], g[i][2], g[i][3], g[i][4], g[i][5], ds[i], dy, r, d, k, v, kk, a,
                            states[i], ld, t, n);
    }
    free(r), free(d), free(k), free(v), free(kk), free(a), free(dy), free(states[0]), free(states[1]);
    double worst = compare(ds[0], ds[1], n * n);
    for (int j = 0; j < 6; j++) worst = worse(worst, compare(g[0][j], g[1][j], all));
    return worst;
}
