"""A conversation of some 4,000 tokens sent again with one new turn, before and after kill -9: long_conversation.py PROGRAM
FOLDER.

RWKV_LONG_MODEL names a checkpoint; without it, the model inside. Milliseconds are measured, so the best of three counts.
"""

import os
import random
import sys
import time

from server import Server, check, note

model = os.environ.get("RWKV_LONG_MODEL")
server = Server(*sys.argv[1:3], *([model] if model else []))
words = open("Models/tinystories/README.md").read().split()
messages = [{"role": "user", "content": " ".join(random.Random(1).choices(words, k=2030))}]


def timed(messages):
    began = time.monotonic()
    made = server.ask("/v1/chat/completions", {"messages": messages, "max_tokens": 1, "seed": 1})
    return time.monotonic() - began, made["usage"]


def warm_up():
    """The first request loads the model and goes for the first time where all others go: that is not to be measured."""
    server.ask("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}], "max_tokens": 1})


def best_of_three(what, question, prepare=lambda: None):
    times = []
    for number in range(3):
        prepare()
        messages[-1]["content"] = f"{question} {number}"
        seconds, usage = timed(messages)
        times.append(seconds)
        known = usage["prompt_tokens_details"]["cached_tokens"]
        check(known > 0.99 * usage["prompt_tokens"],
              f"long conversation: {what}, {known} of {usage['prompt_tokens']} tokens were known: {seconds:.4f} s")
    check(min(times) < 0.05 * first, f"long conversation: {what}, {100 * min(times) / first:.1f} % of the first time")


def restart():
    server.kill()
    server.start()
    warm_up()


warm_up()
first, usage = timed(messages)
note(f"{usage['prompt_tokens']} tokens: {first:.3f} s")
messages += [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": ""}]
best_of_three("sent again with a new turn", "And then?")
time.sleep(1)
best_of_three("after kill -9 and a restart", "And now?", restart)
server.kill()
