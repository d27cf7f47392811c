// What RWKV-7 does to each head, for one level; included by vector_level.h. CKernels.h states what each computes.

static void normalize(float *y, float *inverse, const float *x, size_t rows, size_t n) {
    for (size_t row = 0; row < rows; row++, x += n, y += n) {
        vf squares = {};
        EACH(n) {
            vf v = load_part(x + i, left);
            squares = fma_(v, v, squares);
        }
        float norm = __builtin_sqrtf(sum_lanes(squares));
        float scale = 1.0f / (norm > 1e-12f ? norm : norm != norm ? norm : 1e-12f);
        EACH(n) store_part(y + i, load_part(x + i, left) * splat(scale), left);
        if (inverse) inverse[row] = scale;
    }
}

// dx = (dy − y · ⟨dy, y⟩) · inverse; below the least norm the divisor is a constant, and there is no second term.
static void normalize_backward(float *dx, const float *dy, const float *y, const float *inverse, size_t rows, size_t n) {
    for (size_t row = 0; row < rows; row++, dx += n, dy += n, y += n) {
        vf dots = {};
        EACH(n) dots = fma_(load_part(dy + i, left), load_part(y + i, left), dots);
        vf dot = splat(inverse[row] >= 1e12f ? 0.0f : sum_lanes(dots)), scale = splat(inverse[row]);
        EACH(n) store_part(dx + i, fma_(-load_part(y + i, left), dot, load_part(dy + i, left)) * scale, left);
    }
}

static void replacement_key(float *y, const float *k, const float *a, const float *mix, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, y += c, k += c, a += c) {
        EACH(c) {
            vf share = fma_(load_part(a + i, left) - splat(1.0f), load_part(mix + i, left), splat(1.0f));
            store_part(y + i, load_part(k + i, left) * share, left);
        }
    }
}

static void replacement_key_backward(float *dk, float *da, const float *dy, const float *k, const float *a,
                                     const float *mix, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, dk += c, da += c, dy += c, k += c, a += c) {
        EACH(c) {
            vf m = load_part(mix + i, left), d = load_part(dy + i, left);
            store_part(dk + i, d * fma_(load_part(a + i, left) - splat(1.0f), m, splat(1.0f)), left);
            store_part(da + i, d * load_part(k + i, left) * m, left);
        }
    }
}

static void replacement_key_mix_gradient(float *dmix, const float *dy, const float *k, const float *a, size_t ld,
                                         size_t t, size_t c) {
    EACH(c) {
        vf sum = load_part(dmix + i, left);
        for (size_t row = 0; row < t; row++) {
            size_t at = row * ld + i;
            sum = fma_(load_part(dy + at, left) * load_part(k + at, left), load_part(a + at, left) - splat(1.0f), sum);
        }
        store_part(dmix + i, sum, left);
    }
}

static void head_bonus(float *y, const float *x, const float *r, const float *k, const float *v, const float *u,
                       size_t t, size_t h, size_t n) {
    for (size_t head = 0; head < t * h; head++, y += n, x += n, r += n, k += n, v += n) {
        const float *bonus = u + head % h * n;
        vf sums = {};
        EACH(n) sums = fma_(load_part(r + i, left) * load_part(k + i, left), load_part(bonus + i, left), sums);
        vf sum = splat(sum_lanes(sums));
        EACH(n) store_part(y + i, fma_(sum, load_part(v + i, left), load_part(x + i, left)), left);
    }
}

static void head_bonus_backward(float *dr, float *dk, float *dv, float *dots, const float *dy, const float *r,
                                const float *k, const float *v, const float *u, size_t t, size_t h, size_t n) {
    for (size_t head = 0; head < t * h; head++) {
        const float *bonus = u + head % h * n;
        size_t at = head * n;
        vf sums = {}, products = {};
        EACH(n) {
            sums = fma_(load_part(r + at + i, left) * load_part(k + at + i, left), load_part(bonus + i, left), sums);
            products = fma_(load_part(dy + at + i, left), load_part(v + at + i, left), products);
        }
        dots[head] = sum_lanes(products);
        vf sum = splat(sum_lanes(sums)), dot = splat(dots[head]);
        EACH(n) {
            vf d = dot * load_part(bonus + i, left);
            store_part(dr + at + i, d * load_part(k + at + i, left), left);
            store_part(dk + at + i, d * load_part(r + at + i, left), left);
            store_part(dv + at + i, sum * load_part(dy + at + i, left), left);
        }
    }
}

static void head_bonus_weight_gradient(float *du, const float *dots, const float *r, const float *k, size_t ld,
                                       size_t h, size_t t, size_t n) {
    EACH(n) {
        vf sum = load_part(du + i, left);
        for (size_t row = 0; row < t; row++)
            sum = fma_(splat(dots[row * h]) * load_part(r + row * ld + i, left), load_part(k + row * ld + i, left), sum);
        store_part(du + i, sum, left);
    }
}
