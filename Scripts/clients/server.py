"""A server to ask, and a way to say what was found. What the other scripts of this folder share."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request


def check(condition, what):
    print(("ok    " if condition else "FAILED ") + what, flush=True)
    if not condition:
        sys.exit(1)


def note(what):
    print("      " + what, flush=True)


class Server:
    """`rwkv serve` on a free port, with its store in the folder `work`."""

    def __init__(self, program, work, *arguments):
        self.command = [program, "serve", "--port", "0", "--store", os.path.join(work, "store.sqlite"), *arguments]
        self.start()
        # A check that fails ends the program, and the server with it.
        atexit.register(self.kill)

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if " at http://" in line:
                self.base = line.split(" at ")[1].strip()
                break
        else:
            sys.exit("the server did not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data=data, method=method, headers={"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=1200))

    def metric(self, name):
        text = urllib.request.urlopen(self.base + "/metrics", timeout=60).read().decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))

    def memory(self):
        """The memory in use, in MB."""
        status = open(f"/proc/{self.process.pid}/status").read()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
