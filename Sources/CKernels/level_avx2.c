// AVX2, FMA and F16C: 8 floats per vector, 16 registers.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define VW 8
#define BYTES_MADDUBS
#define MR 3
#define AR 6
#define LEVEL_NAME "avx2"
#define LEVEL_TABLE level_avx2_kernels
#include "vector_level.h"
#pragma clang attribute pop
#else
typedef int level_avx2_is_not_for_this_machine;
#endif
