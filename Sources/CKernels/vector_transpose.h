// Rows and columns change places in registers; included by vector_level.h.

#if VW == 4
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#elif VW == 8
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#elif VW == 16
#define LOWER 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif

// The words of VW rows change places in registers. Each of log₂ VW times, row i and row i + VW / 2 are shuffled like two halves
// of a pack of cards.
INLINE void transpose_words(vu from[VW]) {
    vu to[VW];
#pragma clang loop unroll(full)
    for (int width = 1; width < VW; width *= 2) {
#pragma clang loop unroll(full)
        for (int i = 0; i < VW / 2; i++) {
            to[2 * i] = __builtin_shufflevector(from[i], from[i + VW / 2], LOWER);
            to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + VW / 2], UPPER);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < VW; i++) from[i] = to[i];
    }
}
