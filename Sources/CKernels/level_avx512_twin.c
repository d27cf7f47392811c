// The sources of AVX-512 with VNNI, BF16 and tiles with their widths, compiled for AVX2: for tests on machines that lack them.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define VW 16
#define MR 6
#define AR 12
#define TILES
#define LEVEL_NAME "avx512-twin"
#define LEVEL_TABLE level_avx512_twin_kernels
#include "vector_level.h"
#pragma clang attribute pop
#else
typedef int level_avx512_twin_is_not_for_this_machine;
#endif
