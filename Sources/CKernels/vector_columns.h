// The mixes of RWKV-6 and 7, and rows with a vector, for one level; included by vector_level.h.

static void shift_difference(float *dz, const float *x, const float *previous, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, previous = x, x += c, dz += c)
        EACH(c) store_part(dz + i, load_part(previous + i, left) - load_part(x + i, left), left);
}

static void shift_difference_backward(float *dx, const float *ddz, size_t t, size_t c, int next) {
    for (size_t row = 0; row < t; row++, dx += c, ddz += c) {
        if (row + 1 < t || next)
            EACH(c) store_part(dx + i, load_part(ddz + c + i, left) - load_part(ddz + i, left), left);
        else
            EACH(c) store_part(dx + i, -load_part(ddz + i, left), left);
    }
}

static void lerp(float *y, const float *x, const float *dz, const float *mix, const float *plus, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, y += c, x += c, dz += c) {
        EACH(c) {
            vf m = load_part(mix + i, left);
            if (plus) m += load_part(plus + row * c + i, left);
            store_part(y + i, fma_(load_part(dz + i, left), m, load_part(x + i, left)), left);
        }
    }
}

static void lerp_backward(float *dx, float *ddz, float *dplus, const float *dy, const float *dz, const float *mix,
                          const float *plus, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, dx += c, ddz += c, dy += c, dz += c) {
        EACH(c) {
            vf m = load_part(mix + i, left), d = load_part(dy + i, left);
            if (plus) m += load_part(plus + row * c + i, left);
            store_part(dx + i, load_part(dx + i, left) + d, left);
            store_part(ddz + i, fma_(d, m, load_part(ddz + i, left)), left);
            if (dplus) store_part(dplus + row * c + i, d * load_part(dz + i, left), left);
        }
    }
}

static void scale_columns(float *y, const float *x, const float *w, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, x += c, y += c)
        EACH(c) store_part(y + i, load_part(x + i, left) * load_part(w + i, left), left);
}

static void add_columns(float *y, const float *x, const float *b, size_t t, size_t c) {
    for (size_t row = 0; row < t; row++, x += c, y += c)
        EACH(c) store_part(y + i, load_part(x + i, left) + load_part(b + i, left), left);
}

static void column_sum(float *sum, const float *a, size_t ld, size_t t, size_t c) {
    EACH(c) {
        vf total = load_part(sum + i, left);
        for (size_t row = 0; row < t; row++) total += load_part(a + row * ld + i, left);
        store_part(sum + i, total, left);
    }
}

static void column_dot(float *sum, const float *a, const float *b, size_t ld, size_t t, size_t c) {
    EACH(c) {
        vf total = load_part(sum + i, left);
        for (size_t row = 0; row < t; row++)
            total = fma_(load_part(a + row * ld + i, left), load_part(b + row * ld + i, left), total);
        store_part(sum + i, total, left);
    }
}
