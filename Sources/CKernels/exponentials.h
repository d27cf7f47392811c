// Exponentials in double precision; included by the scalar level and by vector_level.h.
//
// The C library's exp differs in its last bit between libraries and versions, and one bit can change a token that is drawn. Here
// are IEEE sums and products only, in a fixed order and not contracted, so that the bits are the same at every level.

// Everything is inlined, so no vector is ever passed by a calling convention.
#pragma clang diagnostic ignored "-Wpsabi"

typedef double doubles __attribute__((vector_size(64)));
typedef int64_t longs __attribute__((vector_size(64)));
typedef float eight_floats __attribute__((vector_size(32), aligned(4)));

// e^x for x ≤ 0, within 2 units in the last place; 0 where x ≤ −708.
//
//     x = n·ln 2 + r, |r| ≤ ln 2 / 2;   e^x = 2ⁿ · Σ rᵏ/k!, k ≤ 13
static inline __attribute__((always_inline)) doubles exponentials(doubles x) {
#pragma clang fp contract(off)
    const doubles least = -708.0 - (doubles){}, magic = 0x1.8p52 - (doubles){};
    const longs is_tiny = x <= least;
    x = (doubles)((is_tiny & (longs)least) | (~is_tiny & (longs)x));
    // Adding 1.5·2⁵² rounds to a whole number, which then stands in the lowest bits.
    const doubles rounded = x * 1.4426950408889634 + magic, n = rounded - magic;
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    const doubles r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    static const double factorials[] = {479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1};
    doubles sum = 1 / 6227020800.0 - (doubles){};
#pragma clang loop unroll(full)
    for (int k = 0; k < 13; k++) sum = sum * r + 1 / factorials[k];
    const longs powers = ((longs)rounded << 52) + (longs)(1.0 - (doubles){});
    return (doubles)(~is_tiny & (longs)(sum * (doubles)powers));
}

static double sum_of_exponentials(double *terms, const float *x, size_t n, double shift, double factor) {
#pragma clang fp contract(off)
    doubles sums = {};
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        doubles each = exponentials((__builtin_convertvector(*(const eight_floats *)(x + i), doubles) - shift) * factor);
        sums += each;
        if (terms) memcpy(terms + i, &each, sizeof each);
    }
    double pairs[4];
    for (int k = 0; k < 4; k++) pairs[k] = sums[k] + sums[k + 4];
    double total = (pairs[0] + pairs[2]) + (pairs[1] + pairs[3]);
    // The rest, one by one.
    for (; i < n; i++) {
        double term = exponentials(((double)x[i] - shift) * factor - (doubles){})[0];
        total += term;
        if (terms) terms[i] = term;
    }
    return total;
}
