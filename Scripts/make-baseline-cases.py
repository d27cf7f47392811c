#!/usr/bin/env python3
"""Makes Tests/Fixtures/baselines: tiny RNNs, LSTMs and Transformers with what PyTorch computes with them.

    python -m venv venv && venv/bin/pip install torch safetensors numpy
    venv/bin/python Scripts/make-baseline-cases.py

Each folder is a golden case (rwkv verify Tests/Fixtures/baselines/inference Tests/Fixtures/baselines/training). The layers are
nn.RNN, nn.LSTM and scaled_dot_product_attention, computed in float64. Last run with torch VERSION.
"""
import json
import math
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "baselines"
VOCABULARY, WIDTH, LAYERS, HEAD = 48, 32, 2, 16
torch.set_default_dtype(torch.float64)


class Recurrent(nn.Module):
    """nn.RNN or nn.LSTM of several layers between an embedding and a head."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.emb = nn.Embedding(VOCABULARY, WIDTH)
        layer = nn.RNN if kind == "rnn" else nn.LSTM
        self.layers = layer(WIDTH, WIDTH, LAYERS, batch_first=True)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, tokens):
        y, state = self.layers(self.emb(tokens))
        state = state if isinstance(state, tuple) else (state,)
        return self.head(y), [part[layer, 0] for layer in range(LAYERS) for part in state]

    def official(self):
        """The parameters by the names of this project's files."""
        named = {"emb.weight": self.emb.weight, "head.weight": self.head.weight}
        for layer in range(LAYERS):
            for part in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
                named[f"blocks.{layer}.{self.kind}.{part}"] = getattr(self.layers, f"{part}_l{layer}")
        return named

    def shaped(self, name, tensor):
        return tensor


def rotary(x):
    """x [B, H, T, N]: the halves of each head turned by position / 10000^(2i/N)."""
    half = x.shape[-1] // 2
    angles = torch.outer(torch.arange(x.shape[2]), 10000 ** (-torch.arange(half) * 2 / x.shape[-1]))
    a, b = x[..., :half], x[..., half:]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        def heads(y):
            return y.view(y.shape[0], y.shape[1], -1, HEAD).transpose(1, 2)

        n = self.ln1(x)
        q, k, v = rotary(heads(self.query(n))), rotary(heads(self.key(n))), heads(self.value(n))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(y.transpose(1, 2).reshape(x.shape))
        x = x + self.down(F.gelu(self.up(self.ln2(x)), approximate="tanh"))
        return x, [part.transpose(1, 2).reshape(x.shape)[0] for part in (k, v)]


class Transformer(nn.Module):
    kind = "transformer"

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCABULARY, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_out = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, tokens):
        x, state = self.emb(tokens), []
        for block in self.blocks:
            x, kept = block(x)
            state += kept
        return self.head(self.ln_out(x)), state

    def official(self):
        parts = {"ln1": "ln1", "ln2": "ln2", "query": "att.query", "key": "att.key", "value": "att.value",
                 "output": "att.output", "up": "ffn.key", "down": "ffn.value"}
        named = {"emb.weight": self.emb.weight, "head.weight": self.head.weight,
                 "ln_out.weight": self.ln_out.weight, "ln_out.bias": self.ln_out.bias}
        for layer, block in enumerate(self.blocks):
            for own, official in parts.items():
                for kind in ["weight", "bias"]:
                    named[f"blocks.{layer}.{official}.{kind}"] = getattr(getattr(block, own), kind)
        return named

    def shaped(self, name, tensor):
        """The bias of the queries says how many heads there are."""
        return tensor.reshape(-1, HEAD) if name.endswith("att.query.bias") else tensor


def fresh(kind, seed):
    """Weights large enough for every one of them to matter, and exact in bf16."""
    model = Transformer() if kind == "transformer" else Recurrent(kind)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.official().items():
            if ".ln" in name or name.startswith("ln"):
                p.copy_(torch.randn(p.shape, generator=generator) * 0.3 + (1 if name.endswith("weight") else 0))
            elif p.dim() == 2 and name != "emb.weight":
                p.copy_(torch.randn(p.shape, generator=generator) * 1.2 / math.sqrt(p.shape[1]))
            else:
                p.copy_(torch.randn(p.shape, generator=generator) * (1 if p.dim() == 2 else 0.4))
            p.copy_(p.bfloat16().double())
    return model


def tensors(model, values=None, dtype=torch.float32):
    named = model.official() if values is None else values
    return {n: model.shaped(n, p.detach()).to(dtype).contiguous().clone() for n, p in named.items()}


def inference_case(kind, seed, length):
    folder = ROOT / "inference" / kind
    folder.mkdir(parents=True, exist_ok=True)
    model = fresh(kind, seed)
    tokens = torch.randint(VOCABULARY, (1, length), generator=torch.Generator().manual_seed(seed + 1))
    with torch.no_grad():
        logits, state = model(tokens)
    save_file(tensors(model, dtype=torch.bfloat16), folder / "model.safetensors")
    expected = {"logits": logits[0].float().contiguous()}
    expected |= {f"state.{i}": s.float().contiguous().clone() for i, s in enumerate(state)}
    save_file(expected, folder / "expected.safetensors")
    write(folder, {
        "name": kind, "n_layer": LAYERS, "n_embd": WIDTH, "vocab_size": VOCABULARY, "tokens": tokens[0].tolist(),
        "reference": reference(), "logit_std": logits.std().item(),
        "tolerance": {"logits_abs": 5e-5, "state_abs": 2e-5, "state_rel": 1e-5}})


def training_case(kind, seed, length):
    folder = ROOT / "training" / kind
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed + 1)
    draws = [torch.randint(VOCABULARY, (2, length + 1), generator=generator) for _ in range(3)]
    batches = [(d[:, :-1], d[:, 1:]) for d in draws]
    rates, decay, betas, eps, l2wrap = [1e-3, 8e-4, 6e-4], 0.1, (0.9, 0.99), 1e-8, 1e-4

    def loss_of(model, batch):
        """The mean loss, and what has its gradient with RWKV-LM's pull on the largest logits."""
        logits, _ = model(batch[0])
        loss = F.cross_entropy(logits.flatten(0, 1), batch[1].flatten())
        return logits, loss, loss + 0.5 * l2wrap * logits.amax(-1).square().mean()

    model = fresh(kind, seed)
    save_file(tensors(model), folder / "model.safetensors")
    logits, loss, total = loss_of(model, batches[0])
    total.backward()
    save_file({"logits": logits.detach().float().contiguous()}, folder / "expected.safetensors")
    gradients = {n: p.grad for n, p in model.official().items()}
    save_file(tensors(model, gradients), folder / "grads.safetensors")

    def steps(clip):
        model = fresh(kind, seed)
        named = model.official()
        # Matrices and the embedding are decayed, vectors are not.
        groups = [{"params": [p for p in named.values() if (p.dim() == 2) == decayed],
                   "weight_decay": decay if decayed else 0.0} for decayed in (True, False)]
        optimizer = torch.optim.AdamW(groups, lr=1, betas=betas, eps=eps)
        losses, norms = [], []
        for rate, batch in zip(rates, batches):
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            _, loss, total = loss_of(model, batch)
            total.backward()
            norms.append(math.sqrt(sum(p.grad.square().sum().item() for p in named.values())))
            if clip and norms[-1] > clip:
                for p in named.values():
                    p.grad *= clip / (norms[-1] + 1e-6)
            optimizer.step()
            losses.append(loss.item())
        return model, losses, norms

    after, losses, norms = steps(None)
    save_file(tensors(after), folder / "params_after3.safetensors")
    # So small that it clips every case.
    clipped, clipped_losses, _ = steps(1)
    subset = {n: p for n, p in clipped.official().items() if "blocks.1" in n}
    save_file(tensors(clipped, subset), folder / "params_after3_clip1_subset.safetensors")
    write(folder, {
        "name": kind, "n_layer": LAYERS, "n_embd": WIDTH, "vocab_size": VOCABULARY, "reference": reference(),
        "batches": [{"idx": i.tolist(), "targets": t.tolist()} for i, t in batches],
        "loss": loss.item(), "params_without_grad": [],
        "adamw": {"betas": betas, "eps": eps, "weight_decay": decay, "lr_per_step": rates, "losses_noclip": losses,
                  "losses_clip1": clipped_losses, "grad_norms_noclip": norms},
        "tolerance": {"loss_abs": 2e-5, "logits_abs": 5e-5}})


def reference():
    return f"torch {torch.__version__} CPU, float64"


def write(folder, case):
    (folder / "case.json").write_text(json.dumps(case) + "\n")


for number, kind in enumerate(["rnn", "lstm", "transformer"]):
    # Longer than two pages of keys.
    inference_case(kind, 10 + number, 140 if kind == "transformer" else 30)
    training_case(kind, 20 + number, 70 if kind == "transformer" else 12)
    print(kind, file=sys.stderr)
