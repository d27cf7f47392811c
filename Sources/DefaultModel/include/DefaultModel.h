// The small model that the program carries, and its tokenizer.
#pragma once

#include <stddef.h>

typedef struct rwkv_blob {
    const void *bytes;
    size_t count;
} rwkv_blob;

// A safetensors file, aligned to 64 bytes.
rwkv_blob rwkv_default_model(void);

// A Hugging Face tokenizer.json.
rwkv_blob rwkv_default_tokenizer(void);
