// Twins of the norms and the loss; included by twins.c.

static double group_norm(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], g = size % 3 + 1, n = widths[size] + 1, c = g * n;
    float *x = numbers(t * c, -2, 3), *w = numbers(c, -2, 2), *b = numbers(c, -2, 2), *y[2], *mean[2], *rstd[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0), mean[i] = numbers(t * g, 0, 0), rstd[i] = numbers(t * g, 0, 0);
        (i ? scalar : level)->group_norm(y[i], mean[i], rstd[i], x, w, b, t, g, n, 1e-5f);
    }
    free(x), free(w), free(b);
    return worse(compare(y[0], y[1], t * c), worse(compare(mean[0], mean[1], t * g), compare(rstd[0], rstd[1], t * g)));
}

static double group_norm_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], g = size % 3 + 1, n = widths[size] + 3, c = g * n;
    float *x = numbers(t * c, -2, 3), *w = numbers(c, -2, 2), *dy = numbers(t * c, -2, 2), *dx[2];
    float *y = numbers(t * c, 0, 0), *mean = numbers(t * g, 0, 0), *rstd = numbers(t * g, 0, 0);
    scalar->group_norm(y, mean, rstd, x, w, w, t, g, n, 1e-5f);
    EACH_TWIN {
        dx[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->group_norm_backward(dx[i], dy, x, mean, rstd, w, t, g, n);
    }
    free(x), free(w), free(dy), free(y), free(mean), free(rstd);
    return compare(dx[0], dx[1], t * c);
}

static double group_norm_weight_gradient(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], g = size % 3 + 1, c = widths[size], ld = c + 5;
    float *x = numbers(t * ld, -2, 3), *dy = numbers(t * ld, -2, 2), *dw[2], *db[2];
    float *mean = numbers(t * g, -1, 1), *rstd = numbers(t * g, 0.5f, 2);
    dw[0] = numbers(c, -1, 1), dw[1] = copy(dw[0], c), db[0] = numbers(c, -1, 1), db[1] = copy(db[0], c);
    EACH_TWIN(i ? scalar : level)->group_norm_weight_gradient(dw[i], db[i], dy, x, mean, rstd, ld, g, t, c);
    free(x), free(dy), free(mean), free(rstd);
    return worse(compare(dw[0], dw[1], c), compare(db[0], db[1], c));
}

static double cross_entropy(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t v = depths[size] + 1;
    float *x = numbers(v, -9, 9), *d[2], loss[2];
    EACH_TWIN {
        d[i] = numbers(v, 0, 0);
        loss[i] = (i ? scalar : level)->cross_entropy(d[i], x, (int32_t)(v / 2), v, 0.25f, 1e-3f);
    }
    // Without gradients, and with gradients in place of the logits, it is the same.
    float alone = level->cross_entropy(NULL, x, (int32_t)(v / 2), v, 0.25f, 1e-3f);
    float *same = copy(x, v), *first = copy(d[0], v);
    float placed = level->cross_entropy(same, same, (int32_t)(v / 2), v, 0.25f, 1e-3f);
    double moved = compare(same, first, v) + (alone == loss[0] && placed == loss[0] ? 0 : INFINITY);
    free(x);
    // Where the target is all but certain, its gradient is a difference of nearly equal numbers.
    return worse(moved, worse(compare_to(0.1, d[0], d[1], v), fabs(loss[0] - loss[1])));
}

