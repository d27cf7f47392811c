// NEON: 4 floats per vector, 32 registers. Every arm64 machine has it.
#if defined(__aarch64__)
#define VW 4
#define BYTES_NEON
#define MR 6
#define AR 8
#define LEVEL_NAME "neon"
#define LEVEL_TABLE level_neon_kernels
#include "vector_level.h"
#else
typedef int level_neon_is_not_for_this_machine;
#endif
