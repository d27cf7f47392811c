// Which kernels this machine can run.
#include "include/CKernels.h"

#include <stdlib.h>
#include <string.h>

extern const ck_kernels level_scalar_kernels;
#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
extern const ck_kernels level_avx2_kernels, level_avx512_kernels, level_avx512_vnni_kernels, level_avx512_bf16_kernels,
    level_avx512_amx_kernels, level_avx512_twin_kernels;

// The operating system must save the registers too: XCR0 says which it does.
static uint64_t saved_registers(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static int has_avx2(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    const uint32_t osxsave = 1u << 27, fma = 1u << 12, f16c = 1u << 29;
    if (!(c & osxsave) || !(c & fma) || !(c & f16c) || (saved_registers() & 0x6) != 0x6) return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 5);
}

static int has_avx512(void) {
    uint32_t a, b, c, d;
    if (!has_avx2() || (saved_registers() & 0xE6) != 0xE6) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    const uint32_t f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31, all = f | dq | bw | vl;
    return (b & all) == all;
}

static int has_avx512_vnni(void) {
    uint32_t a, b, c, d;
    return has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & 1u << 11);
}

// Such processors have VNNI too.
static int has_avx512_bf16(void) {
    uint32_t a, b, c, d;
    return has_avx512_vnni() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
}

// Linux keeps the tiles of a process that has asked for them. Where it does not know of them, or they are not to be had for
// another reason (an alternate stack for signals that is too small for them, say), the call fails.
static int may_use_tiles(void) {
#if defined(__linux__)
    const int request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return 0;
#endif
}

static int has_avx512_amx(void) {
    uint32_t a, b, c, d;
    const uint32_t bf16 = 1u << 22, tile = 1u << 24;
    const uint64_t registers = 3u << 17;
    return has_avx512_bf16() && (saved_registers() & registers) == registers && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (d & bf16) && (d & tile) && may_use_tiles();
}
#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>
#endif
extern const ck_kernels level_neon_kernels, level_neon_dotprod_kernels;

static int has_dotprod(void) {
#if defined(__APPLE__)
    return 1;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) >> 20 & 1) != 0; // HWCAP_ASIMDDP
#else
    return 0;
#endif
}
#endif

const ck_kernels *ck_kernels_at(ck_level level) {
    switch (level) {
    case CK_SCALAR: return &level_scalar_kernels;
#if defined(__x86_64__)
    case CK_AVX2: return has_avx2() ? &level_avx2_kernels : NULL;
    case CK_AVX512: return has_avx512() ? &level_avx512_kernels : NULL;
    case CK_AVX512_VNNI: return has_avx512_vnni() ? &level_avx512_vnni_kernels : NULL;
    case CK_AVX512_BF16: return has_avx512_bf16() ? &level_avx512_bf16_kernels : NULL;
    case CK_AVX512_AMX: return has_avx512_amx() ? &level_avx512_amx_kernels : NULL;
    case CK_AVX512_TWIN: return has_avx2() ? &level_avx512_twin_kernels : NULL;
#elif defined(__aarch64__)
    case CK_NEON: return &level_neon_kernels;
    case CK_NEON_DOTPROD: return has_dotprod() ? &level_neon_dotprod_kernels : NULL;
#endif
    default: return NULL;
    }
}

const ck_kernels *ck_kernels_best(void) {
    const char *wanted = getenv("RWKV_KERNELS");
    const ck_kernels *best = &level_scalar_kernels;
    for (int level = CK_SCALAR; level < CK_AVX512_TWIN; level++) {
        const ck_kernels *kernels = ck_kernels_at((ck_level)level);
        if (!kernels) continue;
        best = kernels;
        if (wanted && strcmp(wanted, kernels->name) == 0) break;
    }
    return best;
}
