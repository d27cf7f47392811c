// Layer norm and cross-entropy for one level; included by vector_level.h.

static void layer_norm(float *y, float *mean, float *rstd, const float *x, const float *weight, const float *bias,
                       size_t t, size_t c, float epsilon) {
    for (size_t row = 0; row < t; row++, x += c, y += c) {
        vf acc = {};
        EACH(c) acc += load_part(x + i, left);
        float mu = sum_lanes(acc) / (float)c;
        acc = (vf){};
        EACH(c) {
            vf d = load_part(x + i, left) - splat(mu);
            if (left < VW)
                for (size_t j = left; j < VW; j++) d[j] = 0;
            acc = fma_(d, d, acc);
        }
        float r = 1.0f / __builtin_sqrtf(sum_lanes(acc) / (float)c + epsilon);
        EACH(c) {
            vf xhat = (load_part(x + i, left) - splat(mu)) * splat(r);
            store_part(y + i, fma_(xhat, load_part(weight + i, left), load_part(bias + i, left)), left);
        }
        mean[row] = mu;
        rstd[row] = r;
    }
}

// x̂ = (x − mean)·rstd;  dx̂ = dy·weight;  dx = (dx̂ − ⟨dx̂⟩ − x̂·⟨dx̂·x̂⟩)·rstd, where ⟨·⟩ is the mean over c.
static void layer_norm_backward(float *dx, const float *dy, const float *x, const float *mean, const float *rstd,
                                const float *weight, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, x += c, dy += c, dx += c) {
        vf mu = splat(mean[row]), r = splat(rstd[row]), sum = {}, dot = {};
        EACH(c) {
            vf d = load_part(dy + i, left) * load_part(weight + i, left);
            sum += d;
            dot = fma_(d, (load_part(x + i, left) - mu) * r, dot);
        }
        vf s = splat(sum_lanes(sum) / (float)c), q = splat(sum_lanes(dot) / (float)c);
        EACH(c) {
            vf d = load_part(dy + i, left) * load_part(weight + i, left);
            vf xhat = (load_part(x + i, left) - mu) * r;
            store_part(dx + i, (d - s - xhat * q) * r, left);
        }
    }
}

static void layer_norm_weight_gradient(float *dweight, float *dbias, const float *dy, const float *x, const float *mean,
                                       const float *rstd, size_t ld, size_t t, size_t c) {
    EACH(c) {
        vf w = load_part(dweight + i, left), b = load_part(dbias + i, left);
        for (size_t row = 0; row < t; row++) {
            vf d = load_part(dy + row * ld + i, left);
            b += d;
            w = fma_(d, (load_part(x + row * ld + i, left) - splat(mean[row])) * splat(rstd[row]), w);
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
