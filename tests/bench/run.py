#!/usr/bin/env python3
"""Cache hits of Cardstock, of its bare transport and of nginx's proxy_cache, measured side by side.

All serve the same bytes on one worker. Every round measures every server once, so that a slow moment of the machine
meets all of them; the table shows medians. The load generator shares the machine: compare the columns with each other
and with nothing else.
"""
import argparse
import contextlib
import json
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO_ID = "demo"
HIT = {"type": "IpAddress", "name": "203.0.113.10"}
CONNECTIONS = 32
WAITING_MISSES = 500


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_up(port: int, process: subprocess.Popen, what: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"{what} ended with status {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    sys.exit(f"{what} does not listen on port {port}")


def http(method: str, url: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def latency_ms(text: str) -> float:
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def wrk(url: str, seconds: int, script: pathlib.Path | None = None) -> dict:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    if script:
        command += ["-s", str(script)]
    out = subprocess.run(command + [url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"the load generator met errors at {url}:\n{out}")
    quantile = {q: latency_ms(re.search(rf"^\s*{q}%\s+(\S+)", out, re.M)[1]) for q in (50, 99)}
    return {"rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "p50": quantile[50], "p99": quantile[99]}


def medians(runs: list[dict]) -> dict:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


class Bench:
    def __init__(self, build: pathlib.Path, work: pathlib.Path, stack: contextlib.ExitStack):
        self.build, self.work, self.stack = build, work, stack
        self.simulator, self.service, self.admin, self.bare, self.nginx = (free_port() for _ in range(5))

    def start(self, what: str, port: int, *command: object) -> subprocess.Popen:
        log = self.stack.enter_context(open(self.work / f"{what}.log", "w"))
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)

        def stop() -> None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

        self.stack.callback(stop)
        wait_until_up(port, process, what)
        return process

    def start_product(self) -> None:
        data = ROOT / "config/simulator/sample.json"
        self.start("simulator", self.simulator, self.build / "src/simulator/cardstock-threatconnect",
                   "--listen", f"127.0.0.1:{self.simulator}", "--data", data)
        secret = next(c["secret"] for c in json.loads(data.read_text())["credentials"] if c.get("api_id") == DEMO_ID)
        (self.work / "secret").write_text(secret)
        self.demo = {"base_url": f"http://127.0.0.1:{self.simulator}/api", "api_id": DEMO_ID, "api_secret": secret}
        config = self.work / "cardstock.toml"
        config.write_text(f"""
[server]
listen = "127.0.0.1:{self.service}"
workers = 1
[admin]
listen = "127.0.0.1:{self.admin}"
[threatconnect]
base_url = "{self.demo['base_url']}"
api_id = "{DEMO_ID}"
api_secret_file = "{self.work / 'secret'}"
pass_through_hosts = ["http://127.0.0.1:{self.simulator}"]
call_timeout = "5s"
card_timeout = "60s"
[limits]
requests_per_minute = 0
burst = 10000
[store]
path = "{self.work / 'cardstock.db'}"
""")
        self.start("cardstock", self.service, self.build / "src/app/cardstock", "serve", "--config", config)

    def start_all(self) -> None:
        self.start_product()
        self.get_url = f"http://127.0.0.1:{self.service}/v1/card?" + urllib.parse.urlencode(HIT)
        self.post_url = f"http://127.0.0.1:{self.service}/v1/card"
        self.post_body = {"entity": HIT, "auth": self.demo}
        http("GET", self.get_url)
        http("POST", self.post_url, self.post_body)
        answer = http("GET", self.get_url)
        assert json.loads(answer)["cache"]["status"] == "hit", answer
        (self.work / "answer.json").write_bytes(answer)
        self.bytes = len(answer)
        self.start("bare_transport", self.bare, self.build / "tests/bench/bare_transport", self.bare, 1,
                   self.work / "answer.json")
        self.start_nginx()
        self.post_script = self.work / "post.lua"
        quoted = json.dumps(self.post_body).replace("\\", "\\\\").replace("'", "\\'")
        self.post_script.write_text(
            f"wrk.method = 'POST'\nwrk.body = '{quoted}'\nwrk.headers['Content-Type'] = 'application/json'\n")

    def start_nginx(self) -> None:
        conf = self.work / "nginx.conf"
        conf.write_text(f"""
daemon off; worker_processes 1; pid {self.work}/nginx.pid; error_log {self.work}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; tcp_nopush off;
  client_body_temp_path {self.work}/body; proxy_temp_path {self.work}/proxy; fastcgi_temp_path {self.work}/f;
  uwsgi_temp_path {self.work}/u; scgi_temp_path {self.work}/s;
  proxy_cache_path {self.work}/cache keys_zone=cards:10m; open_file_cache max=100;
  upstream origin {{ server 127.0.0.1:{self.bare}; keepalive 8; }}
  server {{ listen 127.0.0.1:{self.nginx};
    location / {{ proxy_pass http://origin; proxy_cache cards; proxy_cache_valid 200 1h; proxy_http_version 1.1;
                 proxy_set_header Connection ""; add_header X-Cache $upstream_cache_status; }} }}
}}
""")
        self.start("nginx", self.nginx, shutil.which("nginx") or "/usr/sbin/nginx", "-c", conf, "-p", self.work)
        self.nginx_url = f"http://127.0.0.1:{self.nginx}/v1/card"
        for _ in range(2):
            with urllib.request.urlopen(self.nginx_url, timeout=10) as answer:
                state = answer.headers["X-Cache"]
        assert state == "HIT", state

    def hits(self, rounds: int, seconds: int) -> dict[str, dict]:
        targets = {
            "bare transport": lambda: wrk(f"http://127.0.0.1:{self.bare}/", seconds),
            "nginx proxy_cache hit": lambda: wrk(self.nginx_url, seconds),
            "GET /v1/card hit": lambda: wrk(self.get_url, seconds),
            "POST /v1/card hit": lambda: wrk(self.post_url, seconds, self.post_script),
        }
        runs: dict[str, list[dict]] = {name: [] for name in targets}
        for _ in range(rounds):
            for name, run in targets.items():
                runs[name].append(run())
        return {name: medians(list_) for name, list_ in runs.items()}

    @contextlib.contextmanager
    def hung_misses(self):
        """The upstream accepts and never answers; WAITING_MISSES callers wait for cards that are not cached.

        What is measured inside begins when every one of them waits; what comes after begins when each has its answer.
        """
        misses = self.misses()
        faults = f"http://127.0.0.1:{self.simulator}/_simulator/faults"
        http("POST", faults, {"match": {"path": "/v3/indicators"}, "times": 0, "hang": True})
        sockets = []
        self.miss_round = getattr(self, "miss_round", 0) + 1
        for i in range(WAITING_MISSES):
            s = socket.create_connection(("127.0.0.1", self.service), timeout=10)
            name = f"miss-{self.miss_round}-{i}.test"
            s.sendall(f"GET /v1/card?type=InternetDomainName&name={name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            sockets.append(s)
        until = time.monotonic() + 5
        while self.misses() < misses + WAITING_MISSES:
            if time.monotonic() > until:
                sys.exit("the misses were not taken in")
            time.sleep(0.01)
        try:
            yield
        finally:
            http("DELETE", faults)
            for s in sockets:
                s.settimeout(30)
                s.recv(1)
                s.close()

    def misses(self) -> int:
        return json.loads(http("GET", f"http://127.0.0.1:{self.admin}/v1/admin/stats"))["cache"]["miss"]

    def under_hung_upstream(self, rounds: int, seconds: int) -> tuple[dict, dict]:
        quiet, hung = [], []
        for _ in range(rounds):
            quiet.append(wrk(self.get_url, seconds))
            with self.hung_misses():
                hung.append(wrk(self.get_url, seconds))
        return medians(quiet), medians(hung)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    options = parser.parse_args()
    rounds, seconds = (1, 1) if options.quick else (5, 3)
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cardstock-bench-")))
        work.chmod(0o755)
        bench = Bench(options.build.resolve(), work, stack)
        bench.start_all()
        figures = bench.hits(rounds, seconds)
        quiet, hung = bench.under_hung_upstream(rounds, seconds)
    bare, nginx = figures["bare transport"]["rps"], figures["nginx proxy_cache hit"]["rps"]
    print(f"\n{bench.bytes} bytes a body, wrk -t1 -c{CONNECTIONS} -d{seconds}s, 1 worker, medians of {rounds}\n")
    print(f"{'':24}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'/ bare':>8}{'/ nginx':>9}")
    for name, f in figures.items():
        print(f"{name:24}{f['rps']:12,.0f}{f['p50']:9.3f}{f['p99']:9.3f}{f['rps'] / bare:8.2f}{f['rps'] / nginx:9.2f}")
    print(f"\nGET hits while the upstream hangs and {WAITING_MISSES} misses wait")
    for name, f in (("  without", quiet), ("  with", hung)):
        print(f"{name:24}{f['rps']:12,.0f}{f['p50']:9.3f}{f['p99']:9.3f}")
    print(f"  p99 ratio {hung['p99'] / quiet['p99']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
