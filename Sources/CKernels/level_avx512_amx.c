// AVX-512 with AMX: products of tiles of bfloat16 in one instruction.
#if defined(__x86_64__)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16,amx-tile,amx-bf16,avx2,fma,f16c"))),  \
    apply_to = function)
#define VW 16
#define MR 6
#define AR 12
#define BYTES_VNNI
#define PAIRS_BF16
#define TILES
#define TILES_AMX
#define LEVEL_NAME "avx512-amx"
#define LEVEL_TABLE level_avx512_amx_kernels
#include "vector_level.h"
#pragma clang attribute pop
#else
typedef int level_avx512_amx_is_not_for_this_machine;
#endif
