// NEON with the dot products of four bytes that most arm64 machines since 2018 have.
#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define VW 4
#define MR 6
#define AR 8
#define BYTES_NEON
#define BYTES_DOTPROD
#define LEVEL_NAME "neon-dotprod"
#define LEVEL_TABLE level_neon_dotprod_kernels
#include "vector_level.h"
#pragma clang attribute pop
#else
typedef int level_neon_dotprod_is_not_for_this_machine;
#endif
