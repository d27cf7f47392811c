// Twins of the recurrence of RWKV-4; included by twins.c.

static double wkv4_of(const ck_kernels *level, const ck_kernels *scalar, unsigned size, float bound) {
    size_t t = rows[size], c = widths[size], ld = c + 2, n = t * ld;
    float *k = numbers(n, -bound, bound), *v = numbers(n, -2, 2), *decay = numbers(c, -5, 2), *first = numbers(c, -2, 2);
    float *y[2], *a[2], *b[2], *p[2];
    a[0] = numbers(c, -1, 1), b[0] = numbers(c, 0.1f, 2), p[0] = numbers(c, -bound, bound);
    a[1] = copy(a[0], c), b[1] = copy(b[0], c), p[1] = copy(p[0], c);
    EACH_TWIN {
        y[i] = numbers(n, 0, 0);
        (i ? scalar : level)->wkv4(y[i], k, v, decay, first, a[i], b[i], p[i], ld, t, c);
    }
    free(k), free(v), free(decay), free(first);
    return worse(worse(compare(y[0], y[1], n), compare(a[0], a[1], c)),
                 worse(compare(b[0], b[1], c), compare(p[0], p[1], c)));
}

// Ordinary keys, and keys whose exponentials a float does not hold.
static double wkv4(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(wkv4_of(level, scalar, size, 3), wkv4_of(level, scalar, size, 120));
}

static double wkv4_backward_of(const ck_kernels *level, const ck_kernels *scalar, unsigned size, float bound) {
    size_t t = rows[size], c = widths[size], ld = c + 2, n = t * ld;
    float *k = numbers(n, -bound, bound), *v = numbers(n, -2, 2), *decay = numbers(c, -5, 1), *first = numbers(c, -2, 2);
    float *a = numbers(c, -1, 1), *b = numbers(c, 0.1f, 2), *p = numbers(c, -bound, bound);
    float *dy = numbers(n, -1, 1), *y = numbers(n, 0, 0), *dk[2], *dv[2], *dw[2], *du[2];
    float *a1 = copy(a, c), *b1 = copy(b, c), *p1 = copy(p, c);
    scalar->wkv4(y, k, v, decay, first, a1, b1, p1, ld, t, c);
    dw[0] = numbers(c, -1, 1), dw[1] = copy(dw[0], c), du[0] = numbers(c, -1, 1), du[1] = copy(du[0], c);
    EACH_TWIN {
        dk[i] = numbers(n, 0, 0), dv[i] = numbers(n, 0, 0);
        (i ? scalar : level)
            ->wkv4_backward(dk[i], dv[i], dw[i], du[i], dy, y, k, v, decay, first, a, b, p, ld, t, c);
    }
    free(k), free(v), free(decay), free(first), free(a), free(b), free(p), free(dy), free(y);
    free(a1), free(b1), free(p1);
    // With large keys an output often is exactly one of the values; its gradient is then a difference of equal numbers.
    double least = bound > 10 ? 1 : 0;
    return worse(worse(compare_to(least, dk[0], dk[1], n), compare_to(least, dv[0], dv[1], n)),
                 worse(compare_to(least, dw[0], dw[1], c), compare_to(least, du[0], du[1], c)));
}

static double wkv4_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    return worse(wkv4_backward_of(level, scalar, size, 3), wkv4_backward_of(level, scalar, size, 120));
}
