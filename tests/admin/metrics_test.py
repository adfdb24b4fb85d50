"""/metrics of a running service: promtool has nothing to say of it, its figures are those of the stats, and everything that
the alerts, the dashboard and docs/operations.md name is there.

Called by ctest with the source folder and the programs cardstock and cardstock-threatconnect.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import yaml

SOURCE, CARDSTOCK, SIMULATOR = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.path.insert(0, str(SOURCE / "tests/support"))
from programs import START_LIMIT, Simulator, start_service  # noqa: E402

ALERTS = SOURCE / "config/prometheus/alerts.yml"
DASHBOARD = SOURCE / "config/grafana/cardstock.json"
OPERATIONS = SOURCE / "docs/operations.md"
NAME = re.compile(r"\bcardstock_[a-z0-9_]+")
CONFIG = """
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[threatconnect]
base_url = "{url}/api"
api_id = "demo"
api_secret_file = "{folder}/secret"
[limits]
requests_per_minute = 0
[store]
path = "{folder}/cardstock.db"
"""


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=START_LIMIT) as answer:
        return answer.read().decode()


def samples(text: str) -> dict[str, float]:
    """`name{labels}` to value."""
    return {key: float(value) for key, value in
            (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))}


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        work = pathlib.Path(folder.name)
        (work / "secret").write_text("a-demonstration-secret-that-protects-nothing", encoding="ascii")
        (work / "secret").chmod(0o600)
        cls.simulator = Simulator(SIMULATOR, SOURCE / "config/simulator/sample.json")
        cls.addClassCleanup(cls.simulator.stop)
        (work / "cardstock.toml").write_text(CONFIG.format(url=cls.simulator.url, folder=work), encoding="utf-8")
        cls.service = start_service(CARDSTOCK, work / "cardstock.toml")
        cls.addClassCleanup(cls.service.stop)
        started = next(json.loads(line) for line in cls.service.lines if '"event":"started"' in line)
        cls.admin = started["admin_url"]
        for kind, name in (("IpAddress", "203.0.113.10"), ("IpAddress", "203.0.113.10"), ("URL", "http://a.example/"), ("IpAddress", "x"),
                           ("Malware", "x")):
            try:
                fetch(f"{started['url']}/v1/card?type={kind}&name={name}")
            except urllib.error.HTTPError as refusal:
                refusal.close()
        cls.text = fetch(cls.admin + "/metrics")
        cls.samples = samples(cls.text)
        cls.names = {re.match(r"\w+", key)[0] for key in cls.samples}

    def test_promtool_has_nothing_to_say(self):
        told = subprocess.run(["promtool", "check", "metrics"], input=self.text, capture_output=True, text=True)
        self.assertEqual((told.returncode, told.stdout + told.stderr), (0, ""))

    def test_alerts_are_sound(self):
        told = subprocess.run(["promtool", "check", "rules", "--lint-fatal", str(ALERTS)], capture_output=True, text=True)
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)

    def test_what_alerts_and_dashboard_name_is_there(self):
        for path in (ALERTS, DASHBOARD):
            named = set(NAME.findall(path.read_text(encoding="utf-8")))
            self.assertGreater(len(named), 10)
            self.assertEqual(named - self.names, set(), path)

    def test_labels_that_alerts_and_dashboard_name_are_there(self):
        for path in (ALERTS, DASHBOARD):
            for name, wanted in re.findall(r'(cardstock_\w+)\{([^}]*)\}', path.read_text(encoding="utf-8").replace('\\"', '"')):
                for label, operator, value in re.findall(r'(\w+)(=~?)"([^"]*)"', wanted):
                    if label == "instance":
                        continue
                    for one in value.split("|") if operator == "=~" else [value]:
                        with self.subTest(f"{name} {label} {one}"):
                            self.assertIn(f'{name}{{{label}="{one}"}}', self.samples)

    def test_every_alert_says_what_to_do(self):
        rules = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
        manual = OPERATIONS.read_text(encoding="utf-8")
        self.assertGreater(len(rules), 10)
        for rule in rules:
            with self.subTest(rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["action"])
                self.assertIn(f"### {rule['alert']}\n", manual)

    def test_every_metric_is_explained(self):
        families = set(re.findall(r"^# TYPE (\w+)", self.text, re.M))
        told = set(re.findall(r"^\| `(cardstock_\w+)", OPERATIONS.read_text(encoding="utf-8"), re.M))
        self.assertEqual(families, told)

    def test_the_figures_are_those_of_the_stats(self):
        stats = json.loads(fetch(self.admin + "/v1/admin/stats"))
        fresh = samples(fetch(self.admin + "/metrics"))
        for outcome, count in stats["requests"]["by_outcome"].items():
            self.assertEqual(fresh[f'cardstock_requests_total{{outcome="{outcome}"}}'], count)
        for result in ("hit", "negative", "stale", "miss", "coalesced", "bypass"):
            self.assertEqual(fresh[f'cardstock_cache_lookups_total{{result="{result}"}}'], stats["cache"][result])
        self.assertEqual(fresh["cardstock_upstream_calls_total"], stats["upstream"]["calls"])
        self.assertEqual(fresh["cardstock_upstream_calls_saved_total"], stats["upstream"]["calls_saved"])
        self.assertEqual(fresh["cardstock_request_duration_seconds_count"], stats["requests"]["total"])
        self.assertEqual(fresh['cardstock_requests_by_type_total{type="none"}'], 1)
        self.assertEqual(sum(value for key, value in fresh.items() if key.startswith("cardstock_requests_by_type_total")),
                         stats["requests"]["total"])

    def test_histograms_are_whole(self):
        for name in ("cardstock_request_duration_seconds", "cardstock_upstream_call_duration_seconds"):
            buckets = [value for key, value in self.samples.items() if key.startswith(name + "_bucket")]
            self.assertEqual(buckets, sorted(buckets))
            self.assertEqual(buckets[-1], self.samples[name + "_count"])
            self.assertGreater(self.samples[name + "_sum"], 0)

    def test_no_series_is_made_of_what_callers_send(self):
        self.assertLess(len(self.samples), 200)
        for planted in ("203.0.113.10", "a.example", "Malware"):
            self.assertNotIn(planted, self.text)

    def test_the_dashboard_is_one(self):
        board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        self.assertEqual(board["uid"], "cardstock")
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in board["panels"]:
            with self.subTest(panel["title"]):
                self.assertTrue(panel["description"] and panel["targets"])
                grid = panel["gridPos"]
                self.assertLessEqual(grid["x"] + grid["w"], 24)
                for target in panel["targets"]:
                    self.assertIn("cardstock_", target["expr"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
