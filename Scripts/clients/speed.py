"""Tokens a second of 32 streams beside `rwkv bench model` at the same batch: speed.py PROGRAM FOLDER.

RWKV_SPEED_MODEL names a checkpoint; without it, the model inside. Each measures in turns with the other, the best counts.
The machine should have nothing else to do.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

from server import Server, check, note

program, work = sys.argv[1:3]
model = os.environ.get("RWKV_SPEED_MODEL")
length = int(os.environ.get("RWKV_SPEED_TOKENS", "256"))
streams = 32


def bench():
    arguments = [program, "bench", "model", "--batch", str(streams), "--prefill", "0", "--loss-tokens", "0", "--json",
                 "--threads", str(os.cpu_count())]
    if model:
        arguments += ["--model", model]
    found = json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)
    return found["results"][0]["batched_tokens_per_second"][str(streams)]


def served(server, streamed):
    def one(number):
        # As fast as can be chosen, and never at an end: what is compared is the batch. 0 ends a text in all vocabularies.
        body = {"prompt": f"Story {number}:", "max_tokens": length, "stream": streamed, "temperature": 0.8,
                "logit_bias": {"0": -100}, "seed": number}
        if streamed:
            request = urllib.request.Request(
                server.base + "/v1/completions", data=json.dumps(body).encode(),
                headers={"Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=1200).read()
        else:
            server.ask("/v1/completions", body)

    written = server.metric("rwkv_tokens_written_total")
    began = time.monotonic()
    threads = [threading.Thread(target=one, args=(number,)) for number in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (server.metric("rwkv_tokens_written_total") - written) / (time.monotonic() - began)


with Server(program, work, *([model] if model else [])) as server:
    served(server, False)
    figures = {"bench": [], "whole": [], "streamed": []}
    for _ in range(3):
        figures["bench"].append(bench())
        figures["whole"].append(served(server, False))
        figures["streamed"].append(served(server, True))
best = {name: max(values) for name, values in figures.items()}
for name in ("whole", "streamed"):
    note(f"{streams} {name} answers of {length} tokens: {best[name]:.0f} tokens/s; rwkv bench: {best['bench']:.0f}; "
         f"ratio {best[name] / best['bench']:.2f}")
check(best["whole"] >= 0.8 * best["bench"], "speed: at least 80 % of rwkv bench")
