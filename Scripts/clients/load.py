"""Many streams at once that come and go, kill -9 in their midst, and memory afterwards: load.py PROGRAM FOLDER.

RWKV_LOAD_REQUESTS says how many requests (1000); there are 32 streams and at most 5 kills.
"""

import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request

from server import Server, check, note

requests = int(os.environ.get("RWKV_LOAD_REQUESTS", "1000"))
streams = 32
server = Server(*sys.argv[1:3], "--queue", "64")
acknowledged, lock, failures, kept = [], threading.Lock(), [], []
left = list(range(requests))
disconnected = refused = interrupted = kills = 0


def together(work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(streams)]
    for thread in threads:
        thread.start()
    return threads


def worker(number):
    global disconnected, refused, interrupted
    chance = random.Random(number)
    conversation = None
    while True:
        with lock:
            if not left:
                return
            left.pop()
        try:
            if conversation is None or chance.random() < 0.2:
                conversation = server.ask("/v1/conversations", {"title": str(number)})["id"]
                with lock:
                    kept.append(conversation)
            body = {"content": f"Tom {chance.random()}", "max_tokens": 24, "top_p": 0.8}
            if chance.random() < 0.25:
                # Leaves in the midst of a stream.
                request = urllib.request.Request(
                    server.base + f"/v1/conversations/{conversation}/messages",
                    data=json.dumps({**body, "stream": True}).encode(), headers={"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=1200) as response:
                    response.read(chance.randrange(1, 400))
                disconnected += 1
                continue
            made = server.ask(f"/v1/conversations/{conversation}/messages", body)
            with lock:
                acknowledged.append((conversation, made["user"]["id"], made["message"]["id"], made["message"]["content"]))
        except urllib.error.HTTPError as error:
            # What was acknowledged is there for ever: a conversation that is gone (404) is a failure, too.
            if error.code in (429, 503):
                refused += 1
                if error.headers["Retry-After"] is None:
                    failures.append("no Retry-After")
            else:
                failures.append((error.code, error.read()))
            time.sleep(0.05)
        except (OSError, http.client.HTTPException):
            # The server was killed; it comes back.
            interrupted += 1
            time.sleep(0.1)


def killer():
    global kills
    chance = random.Random(0)
    # By the work done and not by the clock: some machines are faster than others.
    for part in range(1, 6):
        goal = requests - part * requests // 6
        while len(left) > goal:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 1))
        with lock:
            if not left:
                return
        server.kill()
        kills += 1
        server.start()


began = time.monotonic()
threads = together(worker) + [threading.Thread(target=killer)]
threads[-1].start()
for thread in threads:
    thread.join()
note(f"{requests} requests in {time.monotonic() - began:.0f} s: {len(acknowledged)} turns acknowledged, {disconnected} clients "
     f"left, {refused} refused, {interrupted} interrupted by {kills} kills")
check(not failures, f"load: no failures {failures[:3]}")
missing = 0
for conversation in set(kept):
    there = {m["id"]: m["content"] for m in server.ask(f"/v1/conversations/{conversation}")["messages"]}
    missing += sum(1 for c, user, message, text in acknowledged
                   if c == conversation and (user not in there or there.get(message) != text))
check(missing == 0 and acknowledged and kills > 0, "load: every acknowledged turn is there")
for _ in range(600):
    if server.metric("rwkv_generations_running") == 0:
        break
    time.sleep(0.1)
check(server.metric("rwkv_generations_running") == 0 and server.metric("rwkv_generations_waiting") == 0,
      "load: nothing goes on for clients that have gone")

# Memory: the caches are small here, and the warm-up is long enough to fill them and the allocator's pools.
server.kill()
server = Server(*sys.argv[1:3], "--cache", "32MiB", "--store-size", "64MiB")


def burst(count):
    def work(number):
        for turn in range(count):
            server.ask("/v1/completions", {"prompt": f"Once upon a time {number} {turn} {random.random()}",
                                           "max_tokens": 32, "logit_bias": {"0": -100}})
    for thread in together(work):
        thread.join()


burst(48)
memory = [server.memory()]
for _ in range(4):
    burst(8)
    memory.append(server.memory())
note("memory after the warm-up and after every 256 requests: " + ", ".join(f"{value:.0f}" for value in memory) + " MB")
check(memory[-1] < memory[0] * 1.1 + 10, "load: memory is flat")
server.kill()
