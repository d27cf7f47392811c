// Norms and cross-entropy for one level; included by vector_level.h.

static void group_norm(float *y, float *mean, float *rstd, const float *x, const float *weight, const float *bias,
                       size_t t, size_t g, size_t n, float epsilon) {
    for (size_t group = 0; group < t * g; group++, x += n, y += n) {
        const float *w = weight + group % g * n, *b = bias + group % g * n;
        vf acc = {};
        EACH(n) acc += load_part(x + i, left);
        float mu = sum_lanes(acc) / (float)n;
        acc = (vf){};
        EACH(n) {
            vf d = load_part(x + i, left) - splat(mu);
            if (left < VW)
                for (size_t j = left; j < VW; j++) d[j] = 0;
            acc = fma_(d, d, acc);
        }
        float r = 1.0f / __builtin_sqrtf(sum_lanes(acc) / (float)n + epsilon);
        EACH(n) {
            vf xhat = (load_part(x + i, left) - splat(mu)) * splat(r);
            store_part(y + i, fma_(xhat, load_part(w + i, left), load_part(b + i, left)), left);
        }
        if (mean) mean[group] = mu;
        if (rstd) rstd[group] = r;
    }
}

// x̂ = (x − mean)·rstd;  dx̂ = dy·weight;  dx = (dx̂ − ⟨dx̂⟩ − x̂·⟨dx̂·x̂⟩)·rstd, where ⟨·⟩ is the mean over the group.
static void group_norm_backward(float *dx, const float *dy, const float *x, const float *mean, const float *rstd,
                                const float *weight, size_t t, size_t g, size_t n) {
    for (size_t group = 0; group < t * g; group++, x += n, dy += n, dx += n) {
        const float *w = weight + group % g * n;
        vf mu = splat(mean[group]), r = splat(rstd[group]), sum = {}, dot = {};
        EACH(n) {
            vf d = load_part(dy + i, left) * load_part(w + i, left);
            sum += d;
            dot = fma_(d, (load_part(x + i, left) - mu) * r, dot);
        }
        vf s = splat(sum_lanes(sum) / (float)n), q = splat(sum_lanes(dot) / (float)n);
        EACH(n) {
            vf d = load_part(dy + i, left) * load_part(w + i, left);
            vf xhat = (load_part(x + i, left) - mu) * r;
            store_part(dx + i, (d - s - xhat * q) * r, left);
        }
    }
}

static void group_norm_weight_gradient(float *dweight, float *dbias, const float *dy, const float *x, const float *mean,
                                       const float *rstd, size_t ld, size_t g, size_t t, size_t c) {
    EACH(c) {
        vf w = load_part(dweight + i, left), b = load_part(dbias + i, left);
        for (size_t row = 0; row < t; row++) {
            vf d = load_part(dy + row * ld + i, left);
            b += d;
            w = fma_(d, (load_part(x + row * ld + i, left) - splat(mean[row * g])) * splat(rstd[row * g]), w);
        }
        store_part(dweight + i, w, left);
        store_part(dbias + i, b, left);
    }
}

static float cross_entropy(float *d, const float *logits, int32_t target, size_t v, float scale, float l2wrap) {
    size_t best = 0;
    float wanted = logits[target], top = logits[0];
    for (size_t i = 1; i < v; i++)
        if (logits[i] > top) top = logits[i], best = i;
    double sum = 0;
    // Runs of 256 in float lanes, the runs in double, as in sum_of_squares.
    for (size_t start = 0; start < v; start += 256) {
        size_t count = v - start < 256 ? v - start : 256;
        vf acc = {};
        EACH(count) {
            vf e = exp_(load_part(logits + start + i, left) - splat(top));
            if (left < VW)
                for (size_t j = left; j < VW; j++) e[j] = 0;
            acc += e;
        }
        sum += sum_lanes(acc);
    }
    if (d) {
        float inverse = (float)(1 / sum);
        EACH(v) store_part(d + i, exp_(load_part(logits + i, left) - splat(top)) * splat(inverse) * splat(scale), left);
        d[target] -= scale;
        d[best] += l2wrap * top;
    }
    return (float)(__builtin_log(sum) + (double)top - (double)wanted);
}
