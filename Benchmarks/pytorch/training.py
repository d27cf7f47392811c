"""Steps of training the same model in this program and in PyTorch, in turns; called by Benchmarks/peers --training."""

import json
import os
import subprocess
import sys
import time

SIZES = {"layers": 6, "width": 512, "vocabulary": 256}
BATCH = 8


def time_pytorch(kind, precision, threads, context, steps):
    """Tokens per second of PyTorch: the best of some steps after two that warm up."""
    import torch

    import models

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    layers, width, vocabulary = SIZES["layers"], SIZES["width"], SIZES["vocabulary"]
    if kind == "gpt":
        model = models.GPT(layers, width, vocabulary, context)
    elif kind == "lstm":
        model = models.LSTM(layers, width, vocabulary)
    elif kind == "rnn":
        model = models.RNN(layers, width, vocabulary)
    else:
        model = models.RWKV(int(kind[-1]), layers, width, vocabulary)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.99), fused=True)
    best = 0
    for step in range(steps + 2):
        tokens = torch.randint(vocabulary, (BATCH, context + 1))
        began = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            logits = model(tokens[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step >= 2:
            best = max(best, BATCH * context / (time.perf_counter() - began))
    print(json.dumps({"rate": best}))


def measured(command, **options):
    """What a process prints as its last line or lines of JSON, and its peak memory in bytes."""
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return json.loads(output), usage.ru_maxrss * 1024


def ours(program, kind, precision, threads, context):
    sizes = f"{'transformer' if kind == 'gpt' else kind}:L{SIZES['layers']}:D{SIZES['width']}:V{SIZES['vocabulary']}"
    report, memory = measured(
        [program, "bench", "training", "--random", sizes, "--precision", precision, "--threads", threads,
         "--context", context, "--batch", BATCH, "--rounds", 4, "--json"], stderr=subprocess.DEVNULL)
    result = report["results"][0]
    return result["tokens_per_second"], result["flops"] / result["product_flops"], memory


def theirs(kind, precision, threads, context):
    result, memory = measured([sys.executable, __file__, kind, precision, threads, context, 3])
    return result["rate"], memory


def table(program, kinds, threads, context, rounds, report):
    """Tells `report` the lines of a table: rates, ratios and peak memory, the best of the rounds.

    PyTorch's bf16 is left out where it has no products of bf16 for the processor: there a step takes minutes.
    """
    import torch

    precisions = ["bf16", "f32"] if torch.ops.mkldnn._is_mkldnn_bf16_supported() else ["f32"]
    report("| model | threads | ours bf16, share of the product's rate | ours f32 | PyTorch bf16 | PyTorch f32 | bf16 : bf16"
           " | bf16 : f32 | f32 : f32 | peak memory, ours : bf16 : f32 |")
    report("|" + "---|" * 10)
    for kind in kinds:
        for count in threads:
            rate, share, memory, exact = 0, 0, 0, 0
            peers = {precision: [0, 0] for precision in precisions}
            for _ in range(rounds):
                new = ours(program, kind, "bf16", count, context)
                rate, share, memory = max(rate, new[0]), max(share, new[1]), max(memory, new[2])
                exact = max(exact, ours(program, kind, "f32", count, context)[0])
                for precision, best in peers.items():
                    new = theirs(kind, precision, count, context)
                    best[0], best[1] = max(best[0], new[0]), max(best[1], new[1])
            narrow, wide = peers.get("bf16"), peers["f32"]
            report(
                f"| {kind} | {count} | {rate:.0f}, {100 * share:.0f} % | {exact:.0f} | "
                + (f"{narrow[0]:.0f}" if narrow else "–") + f" | {wide[0]:.0f} | "
                + (f"**{rate / narrow[0]:.2f}**" if narrow else "–")
                + f" | **{rate / wide[0]:.2f}** | **{exact / wide[0]:.2f}** | {memory / 1e9:.2f} : "
                + (f"{narrow[1] / 1e9:.2f}" if narrow else "–") + f" : {wide[1] / 1e9:.2f} GB |")


if __name__ == "__main__":
    kind, precision, threads, context, steps = sys.argv[1:]
    time_pytorch(kind, precision, int(threads), int(context), int(steps))
