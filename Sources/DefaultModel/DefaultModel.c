// Takes two files into the program's image as they are; the package's manifest says where they lie.
#include "include/DefaultModel.h"

#if defined(__APPLE__)
#define SECTION ".const_data"
#define SYMBOL(name) "_" name
#else
#define SECTION ".section .rodata"
#define SYMBOL(name) name
#endif

#define TAKE(name, path)                                                                                               \
    __asm__(SECTION "\n.balign 64\n.globl " SYMBOL(#name) "\n" SYMBOL(#name) ":\n.incbin \"" path                      \
            "\"\n.globl " SYMBOL(#name "_end") "\n" SYMBOL(#name "_end") ":\n.byte 0\n.text\n");                       \
    extern const char name[], name##_end[];

TAKE(rwkv_default_model_bytes, DEFAULT_MODEL_FOLDER "/model.safetensors")
TAKE(rwkv_default_tokenizer_bytes, DEFAULT_MODEL_FOLDER "/tokenizer.json")

rwkv_blob rwkv_default_model(void) {
    return (rwkv_blob){rwkv_default_model_bytes, (size_t)(rwkv_default_model_bytes_end - rwkv_default_model_bytes)};
}

rwkv_blob rwkv_default_tokenizer(void) {
    return (rwkv_blob){rwkv_default_tokenizer_bytes,
                       (size_t)(rwkv_default_tokenizer_bytes_end - rwkv_default_tokenizer_bytes)};
}
