#!/usr/bin/env python3
"""Trains an LSTM or a GPT in PyTorch on a text for a given time and measures it, beside `rwkv train`.

    python learning.py gpt --rwkv .build/release/rwkv --vocab tokenizer.json --data train.txt --valid valid.txt --test test.txt \\
        --layers 6 --width 256 --context 256 --batch 16 --dropout 0.2 --minutes 20

The text is cut into tokens by `rwkv tokenize`, so that both sides have the same vocabulary. Validation and test are measured
as `rwkv evaluate` does, each token once: the LSTM carries its state through the text, the GPT sees at least half a context
before each token. Perplexity per word counts words as WikiText does: parts between blanks, and the end of each line.
"""

import argparse
import json
import math
import subprocess
import time

import torch
from torch.nn import functional as F

import models


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["gpt", "lstm"])
    parser.add_argument("--rwkv", required=True)
    parser.add_argument("--vocab", required=True)
    for name in ["data", "valid", "test"]:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--layers", type=int, required=True)
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=50)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--precision", choices=["bf16", "f32"], default="bf16", help="f32 where the processor has no bf16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser.parse_args()


def tokens(options, path):
    text = open(path, encoding="utf-8", newline="").read()
    command = [options.rwkv, "tokenize", "--tokenizer", "neox", "--vocab", options.vocab]
    done = subprocess.run(command, input=json.dumps([text]).encode(), check=True, capture_output=True)
    ids = torch.tensor(json.loads(done.stdout)[0])
    words = sum(len(line.split()) + 1 for line in text.split("\n")[: -1 if text.endswith("\n") else None])
    return ids, len(text.encode()), words


@torch.no_grad()
def measure(options, model, kind, ids):
    """−log probability of the text after its first token, in nats."""
    model.eval()
    total = 0.0
    if kind == "lstm":
        state = None
        for start in range(0, len(ids) - 1, 2048):
            part = ids[start : start + 2049]
            y, state = model.rnn(model.embedding(part[None, :-1]), state)
            logits = F.linear(y[0], model.embedding.weight, model.bias)
            total += F.cross_entropy(logits.float(), part[1:], reduction="sum").item()
    else:
        context, stride = options.context, options.context // 2
        done = 0
        for start in range(0, len(ids) - 1, stride):
            part = ids[start : start + context + 1]
            logits = model(part[None, :-1])[0].float()
            new = start + len(part) - 1 - done
            if new <= 0:
                break
            total += F.cross_entropy(logits[-new:], part[-new:], reduction="sum").item()
            done = start + len(part) - 1
    model.train()
    return total


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    train, _, _ = tokens(options, options.data)
    others = {name: tokens(options, getattr(options, name)) for name in ["valid", "test"]}
    vocabulary = int(max(train.max(), *(ids.max() for ids, _, _ in others.values()))) + 1
    if options.kind == "gpt":
        model = models.GPT(options.layers, options.width, vocabulary, options.context, options.dropout)
    else:
        model = models.LSTM(options.layers, options.width, vocabulary, options.dropout)
    count = sum(p.numel() for p in model.parameters())
    print(f"{options.kind}: {count} parameters, {len(train)} tokens to learn from", flush=True)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=options.lr, betas=(0.9, 0.99), fused=True)
    began, step, seen = time.perf_counter(), 0, 0
    limit = options.minutes * 60
    while (elapsed := time.perf_counter() - began) < limit:
        # The same course of the learning rate as rwkv train's, by time instead of steps.
        rate = options.lr * (0.1 + 0.45 * (1 + math.cos(math.pi * elapsed / limit)))
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / options.warmup)
        starts = torch.randint(len(train) - options.context - 1, (options.batch,))
        batch = torch.stack([train[s : s + options.context + 1] for s in starts])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.precision == "bf16"):
            logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        seen += options.batch * options.context
        if step % 100 == 0:
            print(f"step {step}  loss {loss.item():.4f}  {seen / (time.perf_counter() - began):.0f} tokens/s", flush=True)
    for name, (ids, size, words) in others.items():
        nats = measure(options, model, options.kind, ids)
        print(f"{name}: {nats / (len(ids) - 1):.4f} nats per token, {nats / math.log(2) / size:.4f} bits per byte, "
              f"perplexity per word {math.exp(nats / words):.2f}", flush=True)


main()
