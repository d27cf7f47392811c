// AVX-512 with VNNI: sums of four products of bytes in one instruction.
#if defined(__x86_64__)
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)
#define VW 16
#define MR 6
#define AR 12
#define BYTES_VNNI
#define LEVEL_NAME "avx512-vnni"
#define LEVEL_TABLE level_avx512_vnni_kernels
#include "vector_level.h"
#pragma clang attribute pop
#else
typedef int level_avx512_vnni_is_not_for_this_machine;
#endif
