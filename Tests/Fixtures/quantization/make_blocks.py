"""Writes blocks.safetensors: numbers, the blocks that gguf-py quantises them to, and what it takes blocks for.

    pip install gguf==0.19.0 numpy safetensors
    python Tests/Fixtures/quantization/make_blocks.py

`values` are quantised to every type that the project quantises to (`<type>.blocks`); `<type>.values` are the numbers that
gguf-py's dequantiser gives for `<type>.blocks`. Of the types with blocks of 256, the blocks are random bytes with sane
scales.
"""

import pathlib

import gguf
import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(20240607)
rows = [
    rng.standard_normal(32),
    rng.standard_normal(32) * 1e-3 + 1,
    rng.uniform(-1, 0, 32),
    np.zeros(32),
    np.full(32, -0.25),
    np.where(np.arange(32) == 7, 1e4, 1e-4),
    # A scale below half precision's range.
    rng.standard_normal(32) * 1e-8,
    # Equal magnitudes: the first decides on the sign. Halves between two integers follow.
    np.where(np.arange(32) % 2 == 0, 3.5, -3.5),
    np.arange(32) - 16,
    np.arange(32) / 254 * 2,
    np.concatenate([[127], np.arange(31) + 0.5]),
    np.concatenate([[-127], -np.arange(31) - 0.5]),
]
rows += [rng.standard_normal(32) * 10.0 ** rng.uniform(-4, 4) for _ in range(52)]
values = np.stack(rows).astype(np.float32)

tensors = {"values": values}
for name in ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]:
    kind = getattr(gguf.GGMLQuantizationType, name)
    blocks = gguf.quants.quantize(values, kind)
    tensors[f"{name}.blocks"] = blocks
    tensors[f"{name}.values"] = gguf.quants.dequantize(blocks, kind)
for name, scales in [("Q4_K", [0, 2]), ("Q5_K", [0, 2]), ("Q6_K", [208])]:
    kind = getattr(gguf.GGMLQuantizationType, name)
    width = gguf.GGML_QUANT_SIZES[kind][1]
    blocks = rng.integers(0, 256, (12, width), dtype=np.uint8)
    for offset in scales:
        scale = (rng.standard_normal(12) * 1e-2).astype(np.float16)
        blocks[:, offset : offset + 2] = scale.view(np.uint8).reshape(12, 2)
    tensors[f"{name}.blocks"] = blocks
    tensors[f"{name}.values"] = gguf.quants.dequantize(blocks, kind)
save_file(tensors, pathlib.Path(__file__).with_name("blocks.safetensors"))
