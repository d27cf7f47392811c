// The recurrence of RWKV-4 for one level; included by vector_level.h. CKernels.h states the recurrence.

static void wkv4(float *y, const float *k, const float *v, const float *decay, const float *first, float *a, float *b,
                 float *p, size_t ld, size_t t, size_t c) {
    EACH(c) {
        vf w = -exp_(load_part(decay + i, left)), u = load_part(first + i, left);
        vf aa = load_part(a + i, left), bb = load_part(b + i, left), pp = load_part(p + i, left);
        for (size_t row = 0; row < t; row++) {
            vf kk = load_part(k + row * ld + i, left), vv = load_part(v + row * ld + i, left);
            vf q = max_(pp, u + kk);
            vf e1 = exp_(pp - q), e2 = exp_(u + kk - q);
            store_part(y + row * ld + i, fma_(e1, aa, e2 * vv) / fma_(e1, bb, e2), left);
            q = max_(pp + w, kk);
            e1 = exp_(pp + w - q);
            e2 = exp_(kk - q);
            aa = fma_(e1, aa, e2 * vv);
            bb = fma_(e1, bb, e2);
            pp = q;
        }
        store_part(a + i, aa, left);
        store_part(b + i, bb, left);
        store_part(p + i, pp, left);
    }
}

// Write D_t for the true denominator and h_t = dy_t / D_t. Then
//     du = Σ_t h_t (v_t − y_t) e^{u+k_t},       dw = Σ_t h_t (a'_t − y_t b'_t)
//     dv_i = h_i e^{u+k_i} + e^{k_i} A_i,       dk_i = h_i e^{u+k_i} (v_i − y_i) + e^{k_i} (A_i v_i + B_i)
// where a', b' are the derivatives of the two sums by w (carried forward in the scale e^p of the sums) and
// A_i = Σ_{t>i} h_t e^{(t−1−i)w}, B_i = −Σ_{t>i} h_t y_t e^{(t−1−i)w} (carried backward in a scale e^P of their own).
// h_t is kept as hq_t = dy_t / (e^{p−q} b + e^{u+k−q}) and rho_t = u + k_t − q_t: no exponent is ever positive. The two
// wait in dv and dk until the way back replaces them.
static void wkv4_backward(float *dk, float *dv, float *ddecay, float *dfirst, const float *dy, const float *y,
                          const float *k, const float *v, const float *decay, const float *first, const float *a,
                          const float *b, const float *p, size_t ld, size_t t, size_t c) {
    EACH(c) {
        vf w = -exp_(load_part(decay + i, left)), u = load_part(first + i, left);
        vf aa = load_part(a + i, left), bb = load_part(b + i, left), pp = load_part(p + i, left);
        vf da = {}, db = {}, dw = {}, du = {};
        for (size_t row = 0; row < t; row++) {
            size_t at = row * ld + i;
            vf kk = load_part(k + at, left), vv = load_part(v + at, left), yy = load_part(y + at, left);
            vf q = max_(pp, u + kk);
            vf e1 = exp_(pp - q), e2 = exp_(u + kk - q);
            vf h = load_part(dy + at, left) / fma_(e1, bb, e2);
            store_part(dv + at, h, left);
            store_part(dk + at, u + kk - q, left);
            du = fma_(h * e2, vv - yy, du);
            dw = fma_(h * e1, da - yy * db, dw);
            q = max_(pp + w, kk);
            e1 = exp_(pp + w - q);
            e2 = exp_(kk - q);
            da = e1 * (da + aa);
            db = e1 * (db + bb);
            aa = fma_(e1, aa, e2 * vv);
            bb = fma_(e1, bb, e2);
            pp = q;
        }
        vf ga = {}, gb = {}, gp = splat(-1e38f);
        for (size_t row = t; row-- > 0;) {
            size_t at = row * ld + i;
            vf kk = load_part(k + at, left), vv = load_part(v + at, left), yy = load_part(y + at, left);
            vf h = load_part(dv + at, left), rho = load_part(dk + at, left);
            vf e1 = h * exp_(rho), e2 = exp_(kk + gp);
            store_part(dk + at, fma_(e1, vv - yy, e2 * fma_(ga, vv, gb)), left);
            store_part(dv + at, fma_(e2, ga, e1), left);
            vf scale = rho - u - kk;
            vf q = max_(w + gp, scale);
            e1 = exp_(w + gp - q);
            e2 = h * exp_(scale - q);
            ga = fma_(e1, ga, e2);
            gb = fma_(e1, gb, -e2 * yy);
            gp = q;
        }
        // w = −e^decay, so d(decay) = w · dw.
        store_part(ddecay + i, fma_(w, dw, load_part(ddecay + i, left)), left);
        store_part(dfirst + i, du + load_part(dfirst + i, left), left);
    }
}
