"""The real service before a ThreatConnect that misbehaves at random: every caller has a right answer in time, nobody sees
what is another's, nothing grows, and no secret shows.

Called by ctest with the programs cardstock and cardstock-threatconnect. Seconds in the suite;
`CARDSTOCK_SOAK_SECONDS=600 python3 tests/integration/soak_test.py CARDSTOCK SIMULATOR` by hand.
"""
import base64
import collections
import http.client
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

CARDSTOCK, SIMULATOR = sys.argv[1], sys.argv[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from programs import START_LIMIT, Simulator, start_service  # noqa: E402

SECONDS = float(os.environ.get("CARDSTOCK_SOAK_SECONDS", "4"))
IN_TIME = 10  # seconds; card_timeout is two, the rest is for a busy machine
HELD, ASKED = 100, 120
KINDS_MET = 5  # of errors, however short the run
GROWTH_KIB, GROWTH_DESCRIPTORS = 32 * 1024, 16
SIGNATURE = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])")  # HMAC-SHA256 in base64
SECRETS = {"own": "own-secret/+=$", "alice": "alice's secret/+=", "bob": "bob-secret", "carol": "APIV2:7:carol:secret=",
           "client": "bearer-of-soar-0123456789abcdef", "admin": "admin-token-0123456789abcdef"}
OWNERS = {"alice": "Org A", "bob": "Org B", "carol": "Org C", "own": "Org D"}
FAULTS = (
    {"status": 500}, {"status": 429, "headers": {"Retry-After": "1"}}, {"status": 503, "headers": {"Retry-After": "abc"}},
    {"hang": True}, {"close": "before"}, {"close": "middle"}, {"body": "<html>Log in</html>"},
    {"body": '{"status":"Success","data":['}, {"next": "http://elsewhere.test/api/v3/indicators"}, {"clock_offset_s": 900},
    {"status": 400}, {"delay_ms": 100},
)
CONFIG = """
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
token_file = "{folder}/admin"
[threatconnect]
base_url = "{upstream}/api"
api_id = "own"
api_secret_file = "{folder}/own"
pass_through_hosts = ["{upstream}"]
call_timeout = "300ms"
card_timeout = "2s"
[limits]
requests_per_minute = 0
burst = 10000
[cache]
ttl = "20ms"
ttl_absent = "20ms"
grace = "0s"
[store]
path = "{folder}/cardstock.db"
[[client]]
name = "soar"
token_file = "{folder}/client"
[log]
level = "debug"
"""


def data() -> dict:
    credentials = [{"name": who, "organization": owner, "owners": [owner],
                    **({"token": SECRETS[who]} if who == "carol" else {"api_id": who, "secret": SECRETS[who]})}
                   for who, owner in OWNERS.items()]
    return {"owners": [{"id": n, "name": name, "type": "Organization"} for n, name in enumerate(OWNERS.values(), 1)],
            "credentials": credentials,
            "indicators": [{"type": "Host", "ownerName": owner, "summary": f"n{n}.evil.test", "rating": 3}
                           for owner in OWNERS.values() for n in range(HELD)]}


def spellings(secret: str) -> set[str]:
    return {secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret),
            base64.b64encode(secret.encode()).decode()}


def shown(text: str) -> list[str]:
    """What must not be in `text` and is."""
    found = [name for name, secret in SECRETS.items() if any(spelling in text for spelling in spellings(secret))]
    return found + SIGNATURE.findall(text) + [word for word in ("Authorization", "TC-Token") if word in text]


class Caller(threading.Thread):
    """Asks until told to stop, for one credential, and counts what was not right."""

    def __init__(self, who: str, service_port: int, upstream: str, stop: threading.Event):
        super().__init__(name=who)
        self._who, self._port, self._upstream, self._ending = who, service_port, upstream, stop
        self._chance = random.Random(who)
        self.counts, self.wrong = collections.Counter(), []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=START_LIMIT)
        while not self._ending.is_set():
            number = self._chance.randrange(ASKED)
            begun = time.monotonic()
            try:
                self._ask(connection, number)
                answer = connection.getresponse().read().decode()
                taken = time.monotonic() - begun
                self._judge(number, answer, taken)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.wrong.append(f"no answer for {number}: {error!r}")
                connection.close()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, number: int) -> None:
        name = f"n{number}.evil.test"
        if self._who == "own":
            connection.request("GET", f"/v1/card?type=InternetDomainName&name={name}",
                               headers={"Authorization": f"Bearer {SECRETS['client']}"})
            return
        proof = ({"api_token": SECRETS[self._who]} if self._who == "carol"
                 else {"api_id": self._who, "api_secret": SECRETS[self._who]})
        connection.request("POST", "/v1/card", json.dumps({
            "entity": {"name": name, "type": "InternetDomainName"}, "auth": {"base_url": self._upstream + "/api", **proof}}),
            {"Content-Type": "application/json"})

    def _judge(self, number: int, answer: str, taken: float) -> None:
        outcome = json.loads(answer)["outcome"]
        self.counts[outcome] += 1
        # The first hundred are held, by all; never is "could not be asked" said as "nobody".
        right = {"busy", "error"} | ({"ok"} if number < HELD else {"no_result"})
        if outcome not in right:
            self.wrong.append(f"{number} is {answer}")
        if taken > IN_TIME:
            self.wrong.append(f"{number} took {taken:.1f} s")
        if any(owner in answer for who, owner in OWNERS.items() if who != self._who):
            self.wrong.append(f"{self._who} sees {answer}")
        if secrets := shown(answer):
            self.wrong.append(f"{secrets} in {answer}")


class Soak(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        work = pathlib.Path(folder.name)
        (work / "data.json").write_text(json.dumps(data()), encoding="utf-8")
        for name in ("own", "client", "admin"):
            (work / name).write_text(SECRETS[name] + "\n", encoding="ascii")
            (work / name).chmod(0o600)
        self.upstream = Simulator(SIMULATOR, work / "data.json")
        self.addCleanup(self.upstream.stop)
        config = work / "cardstock.toml"
        config.write_text(CONFIG.format(folder=work, upstream=self.upstream.url), encoding="utf-8")
        self.service = start_service(CARDSTOCK, config)
        self.stopped = False
        self.addCleanup(lambda: self.stopped or self.service.stop())

    def stats(self) -> str:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.service.admin_url).netloc, timeout=START_LIMIT)
        connection.request("GET", "/v1/admin/stats", headers={"Authorization": f"Bearer {SECRETS['admin']}"})
        answer = connection.getresponse().read().decode()
        connection.close()
        return answer

    def size(self) -> tuple[int, int]:
        """Resident KiB and open descriptors."""
        process = pathlib.Path(f"/proc/{self.service.pid}")
        resident = re.search(r"^VmRSS:\s+(\d+) kB", (process / "status").read_text(), re.M)
        return int(resident[1]), len(list((process / "fd").iterdir()))

    def behave_or_not(self, chance: random.Random) -> None:
        """At most one fault waits to be met, and half of the time none."""
        self.upstream.behave()
        if chance.random() < 0.5:
            self.upstream.misbehave(**chance.choice(FAULTS))

    def has_met_enough(self, callers: list[Caller]) -> bool:
        counts = sum((caller.counts for caller in callers), collections.Counter())
        errors = json.loads(self.stats())["upstream"]["errors"]
        return len(errors) >= KINDS_MET and all(counts[outcome] for outcome in ("ok", "no_result", "error"))

    def test_soak(self):
        stop = threading.Event()
        callers = [Caller(who, self.service.port, self.upstream.url, stop) for who in OWNERS]
        begun, chance = time.monotonic(), random.Random(99)
        for caller in callers:
            caller.start()
        early = None
        while (past := time.monotonic() - begun) < SECONDS or not self.has_met_enough(callers):
            self.behave_or_not(chance)
            self.assertEqual(shown(self.stats()), [])
            if early is None and past > SECONDS / 4:
                early = self.size()
        stop.set()
        for caller in callers:
            caller.join()
        late, stats = self.size(), json.loads(self.stats())
        counts = sum((caller.counts for caller in callers), collections.Counter())
        print(f"{past:.0f} s: {dict(counts)}; KiB and descriptors {early} and {late}; upstream {stats['upstream']['errors']}")
        self.assertEqual([wrong for caller in callers for wrong in caller.wrong], [])
        maps = pathlib.Path(f"/proc/{self.service.pid}/maps").read_text()
        if not re.search(r"/lib[at]san\.so", maps):  # a sanitizer keeps what was freed: that is none of the program's memory
            self.assertLess(late[0], early[0] + GROWTH_KIB)
        self.assertLess(late[1], early[1] + GROWTH_DESCRIPTORS)
        limits = pathlib.Path(f"/proc/{self.service.pid}/limits").read_text()
        self.assertRegex(limits, r"(?m)^Max core file size +0 +0 ")
        self.stopped = True
        self.assertEqual(self.service.stop(), 0)
        log = "\n".join(self.service.lines)
        self.assertIn('"event":"upstream_error"', log)
        self.assertEqual(shown(log), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
