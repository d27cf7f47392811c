// The recurrences of RWKV-4 and RWKV-7 for PyTorch on a processor, forward and backward, so that the peer that training is
// compared with does not lose its time in a loop over tokens in Python. Numbers are 32-bit floats, all tensors contiguous.
#include <ATen/Parallel.h>
#include <torch/extension.h>

#include <cmath>
#include <vector>

using at::Tensor;

// ---- RWKV-4: k, v, y [B, T, C]; w (the logarithm of the decay, below 0) and u [C] -------------------------------------

// Channels that go through time together, in vectors.
constexpr int64_t BLOCK = 64;

static Tensor wkv4_forward(const Tensor &w, const Tensor &u, const Tensor &k, const Tensor &v) {
    int64_t B = k.size(0), T = k.size(1), C = k.size(2), blocks = (C + BLOCK - 1) / BLOCK;
    Tensor y = torch::empty_like(k);
    const float *pw = w.data_ptr<float>(), *pu = u.data_ptr<float>(), *pk = k.data_ptr<float>(), *pv = v.data_ptr<float>();
    float *py = y.data_ptr<float>();
    at::parallel_for(0, B * blocks, 1, [&](int64_t from, int64_t to) {
        for (int64_t part = from; part < to; part++) {
            int64_t first = part % blocks * BLOCK, count = std::min(BLOCK, C - first);
            float num[BLOCK] = {}, den[BLOCK] = {}, top[BLOCK];
            for (float &m : top) m = -1e38f;
            for (int64_t t = 0; t < T; t++) {
                int64_t at = (part / blocks * T + t) * C + first;
#pragma GCC ivdep
                for (int64_t c = 0; c < count; c++) {
                    float key = pk[at + c], value = pv[at + c], m = std::max(top[c], pu[first + c] + key);
                    float old = std::exp(top[c] - m), now = std::exp(pu[first + c] + key - m);
                    py[at + c] = (old * num[c] + now * value) / (old * den[c] + now);
                    m = std::max(top[c] + pw[first + c], key);
                    old = std::exp(top[c] + pw[first + c] - m), now = std::exp(key - m);
                    num[c] = old * num[c] + now * value, den[c] = old * den[c] + now, top[c] = m;
                }
            }
        }
    });
    return y;
}

static std::vector<Tensor> wkv4_backward(const Tensor &w, const Tensor &u, const Tensor &k, const Tensor &v,
                                         const Tensor &dy) {
    int64_t B = k.size(0), T = k.size(1), C = k.size(2), blocks = (C + BLOCK - 1) / BLOCK;
    Tensor dk = torch::empty_like(k), dv = torch::empty_like(v);
    Tensor dw = torch::zeros({B, C}, k.options()), du = torch::zeros({B, C}, k.options());
    const float *pw = w.data_ptr<float>(), *pu = u.data_ptr<float>(), *pk = k.data_ptr<float>(), *pv = v.data_ptr<float>();
    const float *pdy = dy.data_ptr<float>();
    float *pdk = dk.data_ptr<float>(), *pdv = dv.data_ptr<float>(), *pdw = dw.data_ptr<float>(), *pdu = du.data_ptr<float>();
    at::parallel_for(0, B * blocks, 1, [&](int64_t from, int64_t to) {
        // The states before each token.
        std::vector<float> nums((T + 1) * BLOCK), dens((T + 1) * BLOCK), tops((T + 1) * BLOCK);
        for (int64_t part = from; part < to; part++) {
            int64_t b = part / blocks, first = part % blocks * BLOCK, count = std::min(BLOCK, C - first);
            std::fill_n(nums.begin(), BLOCK, 0.f), std::fill_n(dens.begin(), BLOCK, 0.f);
            std::fill_n(tops.begin(), BLOCK, -1e38f);
            for (int64_t t = 0; t < T; t++) {
                int64_t at = (b * T + t) * C + first;
                const float *num = &nums[t * BLOCK], *den = &dens[t * BLOCK], *top = &tops[t * BLOCK];
                float *num1 = &nums[(t + 1) * BLOCK], *den1 = &dens[(t + 1) * BLOCK], *top1 = &tops[(t + 1) * BLOCK];
#pragma GCC ivdep
                for (int64_t c = 0; c < count; c++) {
                    float m = std::max(top[c] + pw[first + c], pk[at + c]);
                    float old = std::exp(top[c] + pw[first + c] - m), now = std::exp(pk[at + c] - m);
                    num1[c] = old * num[c] + now * pv[at + c], den1[c] = old * den[c] + now, top1[c] = m;
                }
            }
            // The gradients of the state after the token.
            float dnum[BLOCK] = {}, dden[BLOCK] = {};
            for (int64_t t = T - 1; t >= 0; t--) {
                int64_t at = (b * T + t) * C + first;
                const float *num = &nums[t * BLOCK], *den = &dens[t * BLOCK], *top = &tops[t * BLOCK];
                const float *top1 = &tops[(t + 1) * BLOCK];
                float *gw = pdw + b * C + first, *gu = pdu + b * C + first;
#pragma GCC ivdep
                for (int64_t c = 0; c < count; c++) {
                    float key = pk[at + c], value = pv[at + c];
                    // What the update of the state at t gives back.
                    float old = std::exp(top[c] + pw[first + c] - top1[c]), now = std::exp(key - top1[c]);
                    float gk = now * (dnum[c] * value + dden[c]), gv = now * dnum[c];
                    gw[c] += old * (num[c] * dnum[c] + den[c] * dden[c]);
                    float gnum = old * dnum[c], gden = old * dden[c];
                    // And what the output at t does.
                    float m = std::max(top[c], pu[first + c] + key);
                    float past = std::exp(top[c] - m), self = std::exp(pu[first + c] + key - m);
                    float below = past * den[c] + self, y = (past * num[c] + self * value) / below;
                    float g = pdy[at + c] / below;
                    float bonus = self * g * (value - y);
                    gu[c] += bonus;
                    pdk[at + c] = gk + bonus, pdv[at + c] = gv + self * g;
                    dnum[c] = gnum + past * g, dden[c] = gden - past * g * y;
                }
            }
        }
    });
    return {dw.sum(0), du.sum(0), dk, dv};
}

// ---- RWKV-7: r, w (the decay, 0 to 1), k, v, a, b, y [B, T, H, N] ------------------------------------------------------

constexpr int N = 64;
// Tokens between the states that are kept for the way back.
constexpr int64_t PIECE = 16;

static inline void advance(float *s, const float *w, const float *k, const float *v, const float *a, const float *b,
                           float *sa) {
    for (int i = 0; i < N; i++) {
        float *row = s + i * N, sum = 0;
        for (int j = 0; j < N; j++) sum += row[j] * a[j];
        for (int j = 0; j < N; j++) row[j] = row[j] * w[j] + sum * b[j] + v[i] * k[j];
        sa[i] = sum;
    }
}

static std::vector<Tensor> wkv7_forward(const Tensor &r, const Tensor &w, const Tensor &k, const Tensor &v, const Tensor &a,
                                        const Tensor &b) {
    int64_t B = r.size(0), T = r.size(1), H = r.size(2), pieces = (T + PIECE - 1) / PIECE;
    Tensor y = torch::empty_like(r), states = torch::empty({B, H, pieces, N, N}, r.options());
    const float *pr = r.data_ptr<float>(), *pw = w.data_ptr<float>(), *pk = k.data_ptr<float>(), *pv = v.data_ptr<float>();
    const float *pa = a.data_ptr<float>(), *pb = b.data_ptr<float>();
    float *py = y.data_ptr<float>(), *ps = states.data_ptr<float>();
    at::parallel_for(0, B * H, 1, [&](int64_t from, int64_t to) {
        for (int64_t head = from; head < to; head++) {
            float s[N * N] = {}, sa[N];
            for (int64_t t = 0; t < T; t++) {
                if (t % PIECE == 0) std::copy_n(s, N * N, ps + (head * pieces + t / PIECE) * N * N);
                int64_t at = ((head / H * T + t) * H + head % H) * N;
                advance(s, pw + at, pk + at, pv + at, pa + at, pb + at, sa);
                for (int i = 0; i < N; i++) {
                    float sum = 0;
                    for (int j = 0; j < N; j++) sum += s[i * N + j] * pr[at + j];
                    py[at + i] = sum;
                }
            }
        }
    });
    return {y, states};
}

static std::vector<Tensor> wkv7_backward(const Tensor &r, const Tensor &w, const Tensor &k, const Tensor &v, const Tensor &a,
                                         const Tensor &b, const Tensor &states, const Tensor &dy) {
    int64_t B = r.size(0), T = r.size(1), H = r.size(2), pieces = (T + PIECE - 1) / PIECE;
    std::vector<Tensor> gradients;
    for (int i = 0; i < 6; i++) gradients.push_back(torch::empty_like(r));
    const float *pr = r.data_ptr<float>(), *pw = w.data_ptr<float>(), *pk = k.data_ptr<float>(), *pv = v.data_ptr<float>();
    const float *pa = a.data_ptr<float>(), *pb = b.data_ptr<float>(), *ps = states.data_ptr<float>();
    const float *pdy = dy.data_ptr<float>();
    float *g[6];
    for (int i = 0; i < 6; i++) g[i] = gradients[i].data_ptr<float>();
    at::parallel_for(0, B * H, 1, [&](int64_t from, int64_t to) {
        std::vector<float> s((PIECE + 1) * N * N), sas(PIECE * N);
        for (int64_t head = from; head < to; head++) {
            float ds[N * N] = {};
            auto offset = [&](int64_t t) { return ((head / H * T + t) * H + head % H) * N; };
            for (int64_t piece = pieces - 1; piece >= 0; piece--) {
                int64_t begin = piece * PIECE, end = std::min(T, begin + PIECE);
                std::copy_n(ps + (head * pieces + piece) * N * N, N * N, s.data());
                for (int64_t t = begin; t < end; t++) {
                    float *next = &s[(t - begin + 1) * N * N];
                    std::copy_n(next - N * N, N * N, next);
                    int64_t at = offset(t);
                    advance(next, pw + at, pk + at, pv + at, pa + at, pb + at, &sas[(t - begin) * N]);
                }
                for (int64_t t = end - 1; t >= begin; t--) {
                    int64_t at = offset(t);
                    const float *old = &s[(t - begin) * N * N], *now = old + N * N, *sa = &sas[(t - begin) * N];
                    float dr[N] = {}, dw[N] = {}, dk[N] = {}, da[N] = {}, db[N] = {};
                    for (int i = 0; i < N; i++) {
                        float *row = ds + i * N, out = pdy[at + i], value = pv[at + i], dv = 0, dsa = 0;
                        const float *before = old + i * N, *after = now + i * N;
                        for (int j = 0; j < N; j++) {
                            row[j] += out * pr[at + j];
                            dr[j] += out * after[j];
                            dv += row[j] * pk[at + j];
                            dsa += row[j] * pb[at + j];
                        }
                        for (int j = 0; j < N; j++) {
                            dk[j] += row[j] * value;
                            db[j] += row[j] * sa[i];
                            dw[j] += row[j] * before[j];
                            da[j] += dsa * before[j];
                            row[j] = row[j] * pw[at + j] + dsa * pa[at + j];
                        }
                        g[3][at + i] = dv;
                    }
                    std::copy_n(dr, N, g[0] + at), std::copy_n(dw, N, g[1] + at), std::copy_n(dk, N, g[2] + at);
                    std::copy_n(da, N, g[4] + at), std::copy_n(db, N, g[5] + at);
                }
            }
        }
    });
    return gradients;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
    m.def("wkv4_forward", &wkv4_forward);
    m.def("wkv4_backward", &wkv4_backward);
    m.def("wkv7_forward", &wkv7_forward);
    m.def("wkv7_backward", &wkv7_backward);
}
