#!/usr/bin/env python3
"""A look-up that is not cached, when nothing else is going on, beside a bare signed call to the same service.

Both are timed over one kept connection by the same client, in turns, each time for an indicator of its own, so that the
ratio holds what Cardstock adds: its own hop, the waiting in its queues (none is meant to be there), reading the answer
and drawing the card. The service answers at once, and then after delays of a size that a service over the internet has.
"""
import argparse
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import pathlib
import statistics
import sys
import tempfile
import time
import urllib.parse

from run import DEMO_ID, ROOT, Bench, http as call

DELAYS_MS = (0, 5, 25, 100)


class Kept:
    """One connection that stays open."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.connect()

    def timed_get(self, target: str, headers: dict) -> tuple[float, bytes]:
        """Milliseconds, and the body."""
        begun = time.perf_counter()
        self.connection.request("GET", target, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        taken = 1000 * (time.perf_counter() - begun)
        if answer.status != 200:
            sys.exit(f"status {answer.status} for {target}: {body[:200]!r}")
        return taken, body


class Idle:
    def __init__(self, bench: Bench):
        self.bench = bench
        self.service, self.upstream = Kept(bench.service), Kept(bench.simulator)
        self.asked = 0
        self.simulator = f"http://127.0.0.1:{bench.simulator}/_simulator"
        self.look_up()
        self.model = json.loads(call("GET", f"{self.simulator}/log"))["log"][-1]["target"]
        self.model_name = self.name()
        assert self.model_name in self.model, self.model

    def name(self) -> str:
        return f"idle-{self.asked:06}.test"

    def look_up(self) -> float:
        self.asked += 1
        query = urllib.parse.urlencode({"type": "InternetDomainName", "name": self.name()})
        taken, body = self.service.timed_get(f"/v1/card?{query}", {})
        answer = json.loads(body)
        assert (answer["outcome"], answer["cache"]["status"]) == ("no_result", "miss"), answer
        return taken

    def bare_call(self) -> float:
        """The very call that Cardstock makes, with another name in it."""
        self.asked += 1
        target = self.model.replace(self.model_name, self.name())
        now = str(int(time.time()))
        proof = hmac.new(self.bench.demo["api_secret"].encode(), f"{target}:GET:{now}".encode(), hashlib.sha256).digest()
        headers = {"Authorization": f"TC {DEMO_ID}:{base64.b64encode(proof).decode()}", "Timestamp": now}
        taken, body = self.upstream.timed_get(target, headers)
        assert json.loads(body)["status"] == "Success", body
        return taken

    def compare(self, delay_ms: int, rounds: int) -> tuple[float, float]:
        """Medians in milliseconds: the bare call's, the look-up's."""
        call("DELETE", f"{self.simulator}/faults")
        if delay_ms:
            call("POST", f"{self.simulator}/faults",
                 {"match": {"path": "/v3/indicators"}, "times": 0, "delay_ms": delay_ms})
        bare, ours = [], []
        for _ in range(rounds):
            bare.append(self.bare_call())
            ours.append(self.look_up())
        return statistics.median(bare), statistics.median(ours)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--quick", action="store_true", help="five look-ups for each delay")
    options = parser.parse_args()
    rounds = 5 if options.quick else 100
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cardstock-bench-")))
        bench = Bench(options.build.resolve(), work, stack)
        bench.start_product()
        idle = Idle(bench)
        print(f"\none look-up at a time, nothing cached, medians of {rounds}\n")
        print(f"{'the service answers after':28}{'bare call ms':>14}{'look-up ms':>12}{'added ms':>10}{'ratio':>8}")
        for delay in DELAYS_MS:
            bare, ours = idle.compare(delay, rounds)
            print(f"{delay:>6} ms{'':19}{bare:14.3f}{ours:12.3f}{ours - bare:10.3f}{ours / bare:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
