// Compares every kernel of every level that this processor has with its scalar twin; for emulators, where the Swift tests
// do not run. Prints a line per level and exits with 1 if any differs.
#include "KernelTwins.h"

#include <stdio.h>

int main(void) {
    int failures = 0, levels = 0;
    const ck_kernels *scalar = ck_kernels_at(CK_SCALAR);
    for (int i = CK_NEON; i < CK_LEVELS; i++) {
        const ck_kernels *level = ck_kernels_at((ck_level)i);
        if (!level) continue;
        levels++;
        int checks = 0;
        for (int index = 0; index < twin_count(); index++)
            for (unsigned size = 0; size < twin_sizes; size++, checks++) {
                const twin *twin = twin_at(index);
                double difference = twin_difference(index, level, scalar, size);
                if (difference <= twin->tolerance) continue;
                failures++;
                printf("%s: %s, size %u: %g, allowed %g\n", level->name, twin->name, size, difference, twin->tolerance);
            }
        long bits = twin_split_differences(level);
        if (bits) failures++, printf("%s: %ld numbers depend on how the work is split\n", level->name, bits);
        printf("%s: %d comparisons with the scalar kernels, %d failed\n", level->name, checks, failures);
    }
    if (!levels) printf("this processor has no vector level\n");
    return failures || !levels;
}
