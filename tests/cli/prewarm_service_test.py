"""`cardstock prewarm` against the real service and the simulator: calls, memory, interruptions, two runs at once.

Called by ctest with the programs cardstock and cardstock-threatconnect. A few thousand rows in the suite;
`CARDSTOCK_PREWARM_ROWS=100000 python3 tests/cli/prewarm_service_test.py CARDSTOCK SIMULATOR` by hand.
"""
import gzip
import json
import math
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

CARDSTOCK, SIMULATOR = sys.argv[1], sys.argv[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from programs import Simulator, start_service  # noqa: E402

ROWS = int(os.environ.get("CARDSTOCK_PREWARM_ROWS", "2000"))
PER_CALL = 50
LIMIT = 3600  # seconds, for a run by hand
CONFIG = """
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:{admin}"
[threatconnect]
base_url = "{upstream}/api"
api_id = "alice"
api_secret_file = "{folder}/secret"
default_owner = "Org A"
pass_through = false
call_timeout = "60s"
card_timeout = "120s"
[limits]
requests_per_minute = 0
burst = 10000
[cache]
ttl_absent = "1h"
[store]
path = "{folder}/cardstock.db"
"""
DETAILS = json.dumps({"EvidenceDetails": [{"Rule": "Historically Reported, \"C&C\"", "Criticality": 1}]}).replace('"', '""')


def address(number: int) -> str:
    return f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def risk_list(path: pathlib.Path, first: int, count: int) -> None:
    """As Recorded Future's risk lists of addresses are: five columns, everything quoted, evidence as JSON."""
    with gzip.open(path, "wt", compresslevel=1) as out:
        out.write('"Name","Risk","RiskString","EvidenceDetails"\n')
        for number in range(first, first + count):
            out.write(f'"{address(number)}","{number % 100}","{number % 9}/57","{DETAILS}"\n')


class Prewarm(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        held = [{"type": "Address", "ownerName": "Org A", "summary": address(number), "rating": 3}
                for number in range(0, min(ROWS, 2000), 2)]
        data = {"owners": [{"id": 1, "name": "Org A", "type": "Organization"}],
                "credentials": [{"name": "alice", "api_id": "alice", "secret": "s", "organization": "Org A", "owners": ["Org A"]}],
                "indicators": held}
        (self.folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
        secret = self.folder / "secret"
        secret.write_text("s\n", encoding="ascii")
        secret.chmod(0o600)
        self.upstream = Simulator(SIMULATOR, self.folder / "data.json")
        self.addCleanup(self.upstream.stop)
        self.admin = free_port()
        self.config = self.folder / "cardstock.toml"
        self.config.write_text(CONFIG.format(admin=self.admin, upstream=self.upstream.url, folder=self.folder), encoding="utf-8")
        self.service = start_service(CARDSTOCK, self.config)
        self.addCleanup(lambda: self.service.stop())
        self.list = self.folder / "list.csv.gz"
        risk_list(self.list, 0, ROWS)

    def start(self, *options: object, **more: object) -> subprocess.Popen:
        command = [CARDSTOCK, "prewarm", "--url", f"http://127.0.0.1:{self.service.port}", *options, self.list]
        return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def end(self, process: subprocess.Popen) -> tuple[int, dict[str, int], str]:
        out, err = process.communicate(timeout=LIMIT)
        figures = {key: int(value.replace(",", "")) for key, value in re.findall(r"^([a-z ]+?)\s+([\d,]+)\b", out, re.M)}
        complaints = "".join(line for line in err.splitlines(True) if not re.match(r"[\d,]+( of [\d,]+)?, ", line))  # no progress
        return process.returncode, figures, complaints

    def stats(self) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/v1/admin/stats", timeout=60) as answer:
            return json.load(answer)

    def upstream_figures(self) -> tuple[int, int]:
        upstream = self.stats()["upstream"]
        return upstream["calls"], upstream["indicators"]

    def test_calls_are_full_and_rows_are_committed(self):
        status, figures, err = self.end(self.start())
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(figures["indicators"], ROWS)
        self.assertEqual(figures["found"] + figures["absent"], ROWS)
        self.assertEqual(figures["found"], len(range(0, min(ROWS, 2000), 2)))
        self.assertEqual(self.upstream_figures(), (math.ceil(ROWS / PER_CALL), ROWS))
        # Counted is committed: a service that is killed now has every row.
        self.service._process.kill()
        self.service._process.wait()
        self.service = start_service(CARDSTOCK, self.config)
        self.assertEqual(self.stats()["store"]["rows"], ROWS)
        status, figures, _ = self.end(self.start())
        self.assertEqual((status, figures["fresh"], figures["found"]), (0, ROWS, 0))
        self.assertEqual(self.upstream_figures(), (0, 0))

    def test_a_dry_run_foretells_the_calls_of_the_run(self):
        status, figures, _ = self.end(self.start("--dry-run"))
        self.assertEqual((status, figures["to ask"], figures["calls"]), (0, ROWS, math.ceil(ROWS / PER_CALL)))
        self.assertEqual(self.upstream_figures(), (0, 0))
        requests = self.stats()["requests"]["total"]
        self.assertEqual(requests, 0)

    def test_killed_and_resumed_nothing_is_asked_twice(self):
        self.upstream.misbehave(times=100_000, delay_ms=50)  # so that there is something to interrupt
        first = self.start()
        while self.upstream_figures()[1] < ROWS // 4:
            self.assertIsNone(first.poll())
        first.send_signal(signal.SIGKILL)
        first.communicate()
        status, figures, _ = self.end(self.start())
        self.assertEqual(status, 0)
        self.assertEqual(figures["fresh"] + figures["found"] + figures["absent"], ROWS)
        calls, indicators = self.upstream_figures()
        # What was in flight goes on in the service, and the second run joins it.
        self.assertEqual(indicators, ROWS)
        self.assertLessEqual(calls, math.ceil(ROWS / PER_CALL) + 2 * 1000 // PER_CALL)

    def test_stopped_by_a_signal_it_tells_what_was_done(self):
        self.upstream.misbehave(times=100_000, delay_ms=50)  # so that there is something to interrupt
        first = self.start()
        while self.upstream_figures()[1] < 500:
            self.assertIsNone(first.poll())
        first.send_signal(signal.SIGTERM)
        status, figures, err = self.end(first)
        self.assertEqual(status, 7, err)
        self.assertIn("stopped before the end", err)
        self.assertEqual(figures["found"] + figures["absent"], self.stats()["store"]["rows"])

    def test_two_at_once_share_their_calls(self):
        both = [self.start(), self.start()]
        for status, figures, err in map(self.end, both):
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(figures["fresh"] + figures["found"] + figures["absent"], ROWS)
        self.assertEqual(self.upstream_figures()[1], ROWS)

    def test_the_short_answer_has_no_cards(self):
        def ask(**headers: str) -> dict:
            body = json.dumps({"entities": [{"type": "IpAddress", "name": address(0)}]}).encode()
            call = urllib.request.Request(f"http://127.0.0.1:{self.service.port}/v1/cards", body,
                                          {"Content-Type": "application/json", **headers})
            with urllib.request.urlopen(call, timeout=60) as answer:
                return json.load(answer)["results"][0]
        self.assertIn("card", ask())
        short = ask(Prefer="return=minimal")
        self.assertNotIn("card", short)
        self.assertEqual((short["outcome"], short["cache"]["status"]), ("ok", "hit"))

    def test_memory_is_flat(self):
        def peak(rows: int) -> int:
            risk_list(self.list, 0, rows)
            # AddressSanitizer, where built in, keeps what was freed; that is none of the program's memory.
            process = self.start("--dry-run", env={**os.environ, "CARDSTOCK_CONFIG": "", "ASAN_OPTIONS": "quarantine_size_mb=1"})
            process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            return usage.ru_maxrss
        small, large = peak(ROWS), peak(4 * ROWS)
        self.assertLess(large, small + 4096 + 4 * ROWS * 24 // 1024)  # KiB; the table of what came before


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2, warnings="ignore")
