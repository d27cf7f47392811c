"""A conversation of some 4,000 tokens sent again with one new turn, before and after kill -9: long_conversation.py PROGRAM
FOLDER."""

import random
import sys
import time

from server import Server, check, note

server = Server(*sys.argv[1:3])
words = open("Models/tinystories/README.md").read().split()
messages = [{"role": "user", "content": " ".join(random.Random(1).choices(words, k=2030))}]


def timed(messages):
    began = time.monotonic()
    made = server.ask("/v1/chat/completions", {"messages": messages, "max_tokens": 1, "seed": 1})
    return time.monotonic() - began, made["usage"]


# The model is loaded by the first request, which is not to be measured.
server.ask("/v1/completions", {"prompt": "a", "max_tokens": 1})
first, usage = timed(messages)
note(f"{usage['prompt_tokens']} tokens: {first:.3f} s")
messages += [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "And then?"}]
again, usage = timed(messages)
note(f"{usage['prompt_tokens_details']['cached_tokens']} of {usage['prompt_tokens']} tokens were known: {again:.4f} s")
check(again < 0.05 * first, f"long conversation: sent again with a new turn, {100 * again / first:.1f} % of the first time")
time.sleep(1)
server.kill()
server.start()
server.ask("/v1/completions", {"prompt": "a", "max_tokens": 1})
messages[-1]["content"] = "And now?"
again, usage = timed(messages)
note(f"{usage['prompt_tokens_details']['cached_tokens']} of {usage['prompt_tokens']} tokens were known: {again:.4f} s")
check(again < 0.05 * first, f"long conversation: after kill -9 and a restart, {100 * again / first:.1f} %")
server.kill()
