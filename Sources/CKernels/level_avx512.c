// AVX-512: 16 floats per vector, 32 registers.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)
#define VW 16
#define BYTES_MADDUBS
#define MR 6
#define AR 12
#define LEVEL_NAME "avx512"
#define LEVEL_TABLE level_avx512_kernels
#include "vector_level.h"
#pragma clang attribute pop
#else
typedef int level_avx512_is_not_for_this_machine;
#endif
