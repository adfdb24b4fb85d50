#!/usr/bin/env python3
"""What a prewarm costs an analyst: the latency of hits while a job warms a list, beside that without one, in one run.

One analyst asks for a card that is cached, again and again with a pause, before the job, while it runs, and after it. The
job's list is of addresses that nobody has asked for. No limit of calls is set: with one, the job is slower and costs less.
"""
import argparse
import contextlib
import http.client
import json
import math
import pathlib
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from run import HIT, ROOT, Bench, http as call

PART = 512 * 1024  # bytes
PER_CALL = 50
PAUSE = 0.002  # seconds between an analyst's asks


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


class Analyst:
    """Asks over one kept connection, and notes how long each answer took, in milliseconds."""

    def __init__(self, port: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.path = "/v1/card?" + urllib.parse.urlencode(HIT)

    def ask(self) -> float:
        begun = time.perf_counter()
        self.connection.request("GET", self.path)
        answer = json.loads(self.connection.getresponse().read())
        took = 1000 * (time.perf_counter() - begun)
        if answer["cache"]["status"] != "hit":
            sys.exit(f"the analyst's card was no hit: {answer}")
        return took

    def ask_while(self, goes_on) -> list[float]:
        took = []
        while goes_on():
            took.append(self.ask())
            time.sleep(PAUSE)
        return took

    def ask_for(self, seconds: float) -> list[float]:
        until = time.monotonic() + seconds
        return self.ask_while(lambda: time.monotonic() < until)


class Job:
    def __init__(self, admin: str, names: str):
        self.place, data, self.looked = admin + "/v1/admin/prewarm", names.encode(), 0.0
        for offset in range(0, len(data), PART):
            more = "true" if offset + PART < len(data) else "false"
            where = f"{self.place}?more={more}" if offset == 0 else f"{self.place}/{self.state['id']}?offset={offset}&more={more}"
            request = urllib.request.Request(where, data[offset:offset + PART], {"Content-Type": "application/octet-stream"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                self.state = json.loads(answer.read())

    def runs(self) -> bool:
        """Looks twice a second: the asking is not what is measured."""
        if time.monotonic() - self.looked > 0.5:
            self.looked = time.monotonic()
            self.state = json.loads(call("GET", f"{self.place}/{self.state['id']}"))
        return self.state["state"] in ("waiting", "running")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20, help="without a job, before it and after it")
    parser.add_argument("--quick", action="store_true", help="2,000 entries and 1 second: shows that it works")
    options = parser.parse_args()
    entries, seconds = (2000, 1.0) if options.quick else (options.entries, options.seconds)
    names = "".join(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n" for i in range(entries))
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cardstock-bench-")))
        bench = Bench(options.build.resolve(), work, stack)
        bench.start_product()
        admin = f"http://127.0.0.1:{bench.admin}"
        call("GET", f"http://127.0.0.1:{bench.service}/v1/card?" + urllib.parse.urlencode(HIT))
        analyst = Analyst(bench.service)
        analyst.ask_for(1)
        without = analyst.ask_for(seconds)
        calls = json.loads(call("GET", admin + "/v1/admin/stats"))["upstream"]["calls"]
        begun = time.monotonic()
        job = Job(admin, names)
        during = analyst.ask_while(job.runs)
        spent = time.monotonic() - begun
        calls = json.loads(call("GET", admin + "/v1/admin/stats"))["upstream"]["calls"] - calls
        without += analyst.ask_for(seconds)
    if job.state["state"] != "done" or job.state["found"] + job.state["absent"] != entries:
        sys.exit(f"the job did not do its work: {job.state}")
    print(f"\n{entries:,} entries in {spent:.1f} s, {calls:,} calls (ceil(misses / {PER_CALL}) = {math.ceil(entries / PER_CALL):,})\n")
    print(f"{'analyst, hits':24}{'asks':>10}{'p50 ms':>9}{'p99 ms':>9}")
    for name, took in (("without a job", without), ("while it runs", during)):
        print(f"{name:24}{len(took):10,}{quantile(took, .5):9.3f}{quantile(took, .99):9.3f}")
    print(f"p99 ratio {quantile(during, .99) / quantile(without, .99):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
