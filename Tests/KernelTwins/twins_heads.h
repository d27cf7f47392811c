// Twins of the mixes of RWKV-6 and 7 and of what they do to rows and heads; included by twins.c.

static double shift_difference(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    float *x = numbers(t * c, -2, 2), *previous = numbers(c, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->shift_difference(y[i], x, previous, t, c);
    }
    free(x), free(previous);
    return compare(y[0], y[1], t * c);
}

static double shift_difference_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    double worst = 0;
    for (int next = 0; next < 2; next++) {
        float *d = numbers((t + (size_t)next) * c, -2, 2), *dx[2];
        EACH_TWIN {
            dx[i] = numbers(t * c, 0, 0);
            (i ? scalar : level)->shift_difference_backward(dx[i], d, t, c, next);
        }
        free(d);
        worst = worse(worst, compare(dx[0], dx[1], t * c));
    }
    return worst;
}

// With and without the part of the mix that depends on the token.
static double lerp(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    double worst = 0;
    for (int dynamic = 0; dynamic < 2; dynamic++) {
        float *x = numbers(t * c, -2, 2), *dz = numbers(t * c, -2, 2), *mix = numbers(c, 0, 1), *y[2];
        float *plus = numbers(t * c, -1, 1);
        EACH_TWIN {
            y[i] = numbers(t * c, 0, 0);
            (i ? scalar : level)->lerp(y[i], x, dz, mix, dynamic ? plus : NULL, t, c);
        }
        free(x), free(dz), free(mix), free(plus);
        worst = worse(worst, compare(y[0], y[1], t * c));
    }
    return worst;
}

static double lerp_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    double worst = 0;
    for (int dynamic = 0; dynamic < 2; dynamic++) {
        float *dy = numbers(t * c, -2, 2), *dz = numbers(t * c, -2, 2), *mix = numbers(c, 0, 1);
        float *plus = numbers(t * c, -1, 1), *dx[2], *ddz[2], *dplus[2];
        dx[0] = numbers(t * c, -2, 2), dx[1] = copy(dx[0], t * c);
        ddz[0] = numbers(t * c, -2, 2), ddz[1] = copy(ddz[0], t * c);
        EACH_TWIN {
            dplus[i] = numbers(t * c, 0, 0);
            (i ? scalar : level)
                ->lerp_backward(dx[i], ddz[i], dynamic ? dplus[i] : NULL, dy, dz, mix, dynamic ? plus : NULL, t, c);
        }
        free(dy), free(dz), free(mix), free(plus);
        worst = worse(worst, worse(compare(dx[0], dx[1], t * c),
                                   worse(compare(ddz[0], ddz[1], t * c), compare(dplus[0], dplus[1], t * c))));
    }
    return worst;
}

static double scale_columns(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    float *x = numbers(t * c, -2, 2), *w = numbers(c, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->scale_columns(y[i], x, w, t, c);
    }
    free(x), free(w);
    return compare(y[0], y[1], t * c);
}

static double add_columns(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    float *x = numbers(t * c, -2, 2), *b = numbers(c, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->add_columns(y[i], x, b, t, c);
    }
    free(x), free(b);
    return compare(y[0], y[1], t * c);
}

static double column_sum(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size], ld = c + 3;
    float *a = numbers(t * ld, -2, 2), *sum[2];
    sum[0] = numbers(c, -1, 1), sum[1] = copy(sum[0], c);
    EACH_TWIN(i ? scalar : level)->column_sum(sum[i], a, ld, t, c);
    free(a);
    return compare(sum[0], sum[1], c);
}

static double column_dot(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size], ld = c + 3;
    float *a = numbers(t * ld, -2, 2), *b = numbers(t * ld, -2, 2), *sum[2];
    sum[0] = numbers(c, -1, 1), sum[1] = copy(sum[0], c);
    EACH_TWIN(i ? scalar : level)->column_dot(sum[i], a, b, ld, t, c);
    free(a), free(b);
    return compare(sum[0], sum[1], c);
}

// The first of several rows is shorter than the least norm.
static float *short_row_first(size_t t, size_t n) {
    float *x = numbers(t * n, -2, 2);
    for (size_t i = 0; t > 1 && i < n; i++) x[i] *= 1e-14f;
    return x;
}

static double normalize_(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], n = widths[size];
    float *x = short_row_first(t, n), *y[2], *inverse[2];
    EACH_TWIN {
        y[i] = numbers(t * n, 0, 0), inverse[i] = numbers(t, 0, 0);
        (i ? scalar : level)->normalize(y[i], inverse[i], x, t, n);
    }
    free(x);
    return worse(compare(y[0], y[1], t * n), compare(inverse[0], inverse[1], t));
}

static double normalize_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    // A row of one element has no direction to change, only rounding.
    size_t t = rows[size], n = widths[size] + 1, others = t > 1 ? n : 0;
    float *x = short_row_first(t, n), *y = numbers(t * n, 0, 0), *inverse = numbers(t, 0, 0);
    float *dy = numbers(t * n, -2, 2), *dx[2];
    scalar->normalize(y, inverse, x, t, n);
    EACH_TWIN {
        dx[i] = numbers(t * n, 0, 0);
        (i ? scalar : level)->normalize_backward(dx[i], dy, y, inverse, t, n);
    }
    // The short row has gradients of order 1e12, beside which the others would not be seen.
    float *a = copy(dx[0] + others, t * n - others), *b = copy(dx[1] + others, t * n - others);
    double rest = compare(a, b, t * n - others);
    free(x), free(y), free(inverse), free(dy);
    return worse(rest, compare(dx[0], dx[1], t * n));
}

static double replacement_key(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    float *k = numbers(t * c, -2, 2), *a = numbers(t * c, 0, 1), *mix = numbers(c, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->replacement_key(y[i], k, a, mix, t, c);
    }
    free(k), free(a), free(mix);
    return compare(y[0], y[1], t * c);
}

static double replacement_key_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size];
    float *dy = numbers(t * c, -2, 2), *k = numbers(t * c, -2, 2), *a = numbers(t * c, 0, 1), *mix = numbers(c, -2, 2);
    float *dk[2], *da[2];
    EACH_TWIN {
        dk[i] = numbers(t * c, 0, 0), da[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->replacement_key_backward(dk[i], da[i], dy, k, a, mix, t, c);
    }
    free(dy), free(k), free(a), free(mix);
    return worse(compare(dk[0], dk[1], t * c), compare(da[0], da[1], t * c));
}

static double replacement_key_mix_gradient(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], c = widths[size], ld = c + 3;
    float *dy = numbers(t * ld, -2, 2), *k = numbers(t * ld, -2, 2), *a = numbers(t * ld, 0, 1), *d[2];
    d[0] = numbers(c, -1, 1), d[1] = copy(d[0], c);
    EACH_TWIN(i ? scalar : level)->replacement_key_mix_gradient(d[i], dy, k, a, ld, t, c);
    free(dy), free(k), free(a);
    return compare(d[0], d[1], c);
}

static double head_bonus(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], h = size % 3 + 1, n = widths[size], c = h * n;
    float *x = numbers(t * c, -2, 2), *r = numbers(t * c, -2, 2), *k = numbers(t * c, -2, 2), *v = numbers(t * c, -2, 2);
    float *u = numbers(c, -2, 2), *y[2];
    EACH_TWIN {
        y[i] = numbers(t * c, 0, 0);
        (i ? scalar : level)->head_bonus(y[i], x, r, k, v, u, t, h, n);
    }
    free(x), free(r), free(k), free(v), free(u);
    return compare(y[0], y[1], t * c);
}

static double head_bonus_backward(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], h = size % 3 + 1, n = widths[size], c = h * n;
    float *dy = numbers(t * c, -2, 2), *r = numbers(t * c, -2, 2), *k = numbers(t * c, -2, 2), *v = numbers(t * c, -2, 2);
    float *u = numbers(c, -2, 2), *dr[2], *dk[2], *dv[2], *dots[2];
    EACH_TWIN {
        dr[i] = numbers(t * c, 0, 0), dk[i] = numbers(t * c, 0, 0), dv[i] = numbers(t * c, 0, 0);
        dots[i] = numbers(t * h, 0, 0);
        (i ? scalar : level)->head_bonus_backward(dr[i], dk[i], dv[i], dots[i], dy, r, k, v, u, t, h, n);
    }
    free(dy), free(r), free(k), free(v), free(u);
    return worse(worse(compare(dr[0], dr[1], t * c), compare(dk[0], dk[1], t * c)),
                 worse(compare(dv[0], dv[1], t * c), compare(dots[0], dots[1], t * h)));
}

static double head_bonus_weight_gradient(const ck_kernels *level, const ck_kernels *scalar, unsigned size) {
    size_t t = rows[size], h = size % 3 + 1, n = widths[size], ld = h * n;
    float *dots = numbers(t * h, -2, 2), *r = numbers(t * ld, -2, 2), *k = numbers(t * ld, -2, 2), *du[2];
    du[0] = numbers(n, -1, 1), du[1] = copy(du[0], n);
    EACH_TWIN(i ? scalar : level)->head_bonus_weight_gradient(du[i], dots, r, k, ld, h, t, n);
    free(dots), free(r), free(k);
    return compare(du[0], du[1], n);
}
