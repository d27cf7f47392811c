// Compares the kernels of a level with the scalar ones. In C, so that the same comparison runs inside the Swift tests and,
// cross-compiled, under an emulator of another processor.
#pragma once

#include "CKernels.h"

typedef struct twin {
    // The kernel's name in ck_kernels.
    const char *name;
    // Runs both twins on random input of a size that `size` (from 0 up) selects; returns ‖a − b‖ / ‖b‖, the largest of all
    // outputs. NaN or a mismatch of what is not a number at all gives infinity.
    double (*difference)(const ck_kernels *level, const ck_kernels *scalar, unsigned size);
    double tolerance;
} twin;

// The twin with this index, and how many there are.
const twin *twin_at(int index);
int twin_count(void);

// Calls the twin's `difference` with numbers that depend on the twin and the size alone.
double twin_difference(int index, const ck_kernels *level, const ck_kernels *scalar, unsigned size);

// How many sizes there are for each.
extern const unsigned twin_sizes;

// Whether the kernels of a level give the same bits however their work is split: 0, or the number of bits that differ.
long twin_split_differences(const ck_kernels *level);
