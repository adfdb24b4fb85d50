"""The admin page in a real browser: what it shows, that it stays readable, and what a person does with it.

Called by ctest with the source folder, the programs cardstock and cardstock-threatconnect, and a folder for screenshots.
"""
import json
import pathlib
import re
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from browser import DESKTOP, PHONE
from page_checks import all_faults, keyboard_faults, tab_stops
from stand import Stand

SOURCE, CARDSTOCK, SIMULATOR, SCREENSHOTS = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
TOKEN = "an admin token that is long enough"
DRAWN = "document.querySelectorAll('.plot').length === 6 && document.querySelector('#audit').childElementCount > 0"
CARD = "document.querySelector('#card').shadowRoot?.querySelector('article')"
BREAKER_OPENS = 12  # failed calls, and one or two more


def series(step: int, samples: int) -> dict:
    """A track as the service keeps it, with a gap in which it was not there."""
    now = int(time.time())
    at = [now - step * (samples - i) for i in range(samples) if not samples // 3 < i < samples // 2]
    values = {"hit": 4, "negative": 1, "stale": 1, "miss": 2, "calls": 1, "calls_saved": 5, "limiter_used": 3, "limiter_allowed": 6,
              "latency_p50": 0.00002, "latency_p99": 0.009, "upstream_p50": 0.006, "upstream_p99": 0.02}
    return {"step_seconds": step, "at": at, "series": {name: [value * (9 + i % 7) for i in range(len(at))] for name, value in values.items()}}


def prepare(folder: pathlib.Path) -> None:
    """The plots of a run before, and a token for those who want one."""
    (folder / "cardstock.db.history").write_text(json.dumps({"hour": series(10, 330), "day": series(300, 270)}), encoding="ascii")
    (folder / "admin-token").write_text(TOKEN, encoding="ascii")
    (folder / "admin-token").chmod(0o600)


def stand(admin: str = "") -> Stand:
    return Stand(SOURCE, CARDSTOCK, SIMULATOR, SCREENSHOTS, admin=admin, prepare=prepare)


class AdminPage(unittest.TestCase):
    stand: Stand

    def ask(self, kind: str, name: str) -> None:
        try:
            urllib.request.urlopen(f"{self.stand.url}/v1/card?type={kind}&name={urllib.parse.quote(name)}", timeout=60).close()
        except urllib.error.HTTPError as refusal:
            refusal.close()

    def fill(self) -> None:
        for kind, name in (("IpAddress", "203.0.113.10"), ("IpAddress", "203.0.113.10"), ("IpAddress", "192.0.2.1"), ("IpAddress", "192.0.2.1"),
                           ("InternetDomainName", "popular.example"), ("URL", "http://evil.example/login.php?id=1"), ("Hash", "no hash")):
            self.ask(kind, name)

    def opened(self, size=DESKTOP, scheme="light", ready=DRAWN):
        page = self.stand.browser.page(size, scheme)
        self.addCleanup(page.close)
        page.open(self.stand.admin_url + "/admin/")
        page.wait_for(ready)
        return page

    def text(self, page, selector: str) -> str:
        return page.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def enter(self, page, selector: str, value: str) -> None:
        """As a person types: into the field that has the focus."""
        page.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        page.type(value)


class OnLoopback(AdminPage):
    """All on one service, each test with its own page."""

    @classmethod
    def setUpClass(cls):
        cls.stand = stand()
        cls.addClassCleanup(cls.stand.stop)

    def test_every_size_and_scheme_is_readable_and_asks_nobody_else(self):
        self.fill()
        for size, wide in ((DESKTOP, "desktop"), (PHONE, "phone")):
            for scheme in ("light", "dark"):
                with self.subTest(f"{wide} {scheme}"):
                    page = self.opened(size, scheme)
                    self.assertEqual(all_faults(page, self.stand.admin_url), [])
                    height = page.evaluate("document.documentElement.scrollHeight")
                    page.resize((size[0], height))  # the canvases of a long page are drawn where it is seen
                    page.evaluate("new Promise((done) => setTimeout(done, 300))")
                    page.screenshot(f"admin-{wide}-{scheme}")

    def test_the_figures_are_those_of_the_stats(self):
        self.fill()
        page = self.opened()
        with urllib.request.urlopen(self.stand.admin_url + "/v1/admin/stats", timeout=60) as answer:
            stats = json.loads(answer.read())
        cache = stats["cache"]
        self.assertIn("All is well.", self.text(page, "#state-list"))
        tiles = self.text(page, "#tiles")
        for part in (f"Cards asked for\n{stats['requests']['total']}\n", f"{cache['hit'] + cache['negative']} hits, {cache['miss']} misses",
                     f"Calls made\n{stats['upstream']['calls']}\n{stats['upstream']['calls_saved']} saved, 0 failed"):
            self.assertIn(part, tiles)
        page.wait_for("document.querySelector('#rows').innerText.includes('Address\\t1\\t1\\t2')")
        self.assertIn(stats["tenants"][0]["id"][:12], self.text(page, "#tenants"))
        self.assertRegex(self.text(page, "#top"), r"\d\tIpAddress\t203\.0\.113\.10\n")
        self.assertNotIn("no hash", page.evaluate("document.body.innerText"))

    def test_plots_are_those_of_before_the_start_and_the_reload(self):
        page = self.opened()
        for _ in range(2):
            self.assertRegex(page.evaluate("document.querySelector('.plot canvas').getAttribute('aria-label')"),
                             r"^What the cache did, last hour: hit 1\d,\d{3}, ")
            # More than the axes: the area of the hits has its colour.
            self.assertGreater(page.evaluate("""(() => { const c = document.querySelector('.plot canvas');
              const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;
              for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 100 && d[i + 1] > d[i] + 40) n++; return n; })()"""), 2000)
            page.open(self.stand.admin_url + "/admin/")
            page.wait_for(DRAWN)
        page.evaluate("document.querySelector('input[value=day]').click()")
        page.wait_for("document.querySelector('.plot canvas').getAttribute('aria-label').includes('last day')")

    def test_everything_is_reached_by_keyboard_and_the_focus_is_seen(self):
        self.fill()
        stops = tab_stops(self.opened())
        self.assertEqual(keyboard_faults(stops), [])
        self.assertEqual(stops[0]["text"], "Skip to the figures")
        self.assertGreater(sum(stop["tag"] in ("input", "select", "button") for stop in stops), 10)

    def test_a_look_up_draws_the_card_from_the_cache(self):
        self.fill()
        page = self.opened()
        self.enter(page, "#look-up-form [name=name]", "203.0.113[.]10")
        page.press("Enter")
        page.wait_for(CARD)
        card = page.evaluate(CARD + ".innerText")
        for part in ("IpAddress 203.0.113.10", "873 of 1000 (Critical)", "from cache"):
            self.assertIn(part, card)
        self.assertEqual(all_faults(page, self.stand.admin_url), [])
        page.screenshot("admin-card")
        # From the list of those asked most, too; and what is no indicator is told.
        page.evaluate("[...document.querySelectorAll('#top button')].find((b) => b.textContent === 'popular.example').click()")
        page.wait_for(CARD + "?.innerText.includes('popular.example')")
        self.enter(page, "#look-up-form [name=name]", " and more")
        page.press("Enter")
        page.wait_for(CARD + "?.innerText.includes('invalid_indicator')")

    def test_hostile_text_is_text(self):
        self.ask("InternetDomainName", "hostile.example")
        page = self.opened()
        page.evaluate("document.querySelector('#look-up-form [name=type]').value = 'InternetDomainName'")
        self.enter(page, "#look-up-form [name=name]", "hostile.example")
        page.press("Enter")
        page.wait_for(CARD)
        self.assertEqual(page.evaluate("document.querySelector('#card').shadowRoot.querySelectorAll('script, img, iframe, [onerror], [onclick]').length"), 0)
        self.assertEqual(page.errors, [])

    def test_a_purge_wants_to_be_confirmed(self):
        self.fill()
        page = self.opened()
        page.wait_for("document.querySelector('#rows').innerText.includes('Address\\t1\\t1\\t2')")  # committed
        page.evaluate("document.querySelector('#purge-form [name=type]').value = 'IpAddress'")
        self.enter(page, "#purge-form [name=owner]", "Nobody")
        page.press("Enter")
        page.wait_for("document.querySelector('#confirm').open")
        self.assertEqual(self.text(page, "#confirm-text"), "All rows of type IpAddress, that Nobody holds.")
        page.screenshot("admin-purge")
        page.press("Escape")
        page.wait_for("!document.querySelector('#confirm').open")
        self.assertEqual(self.text(page, "#purge-note"), "")
        page.evaluate("document.querySelector('#purge-form [name=owner]').value = ''")
        page.press("Enter")
        page.wait_for("document.querySelector('#confirm').open")
        page.press("Tab")  # from "Keep them", where the focus is at first, to "Delete"
        page.press("Enter")
        page.wait_for("document.querySelector('#purge-note').innerText === '2 rows deleted.'")
        page.wait_for("document.querySelector('#audit').innerText.includes('type IpAddress: 2 rows')")
        self.assertIn("loopback from 127.0.0.1", self.text(page, "#audit"))

    def test_an_indicator_without_a_type_is_not_purged(self):
        page = self.opened()
        self.enter(page, "#purge-form [name=name]", "203.0.113.10")
        page.press("Enter")
        page.wait_for("document.querySelector('#purge-note').innerText === 'An indicator needs its type.'")
        self.assertFalse(page.evaluate("document.querySelector('#confirm').open"))


class WhatIsAway(AdminPage):
    def setUp(self):
        self.stand = stand()
        self.addCleanup(self.stand.stop)

    def test_it_says_so_when_threatconnect_is_down(self):
        self.fill()
        self.stand.simulator.stop()
        for i in range(BREAKER_OPENS):
            self.ask("IpAddress", f"192.0.2.{100 + i}")
        page = self.opened()
        state = self.text(page, "#state-list")
        self.assertRegex(state, "ThreatConnect is not asked at the moment|one call is trying it again")
        self.assertIn("could not be connected to", state)
        self.assertRegex(self.text(page, "#errors"), r"could not be connected to.*connect_failed, \d+ times")
        self.assertEqual(all_faults(page, self.stand.admin_url), [])
        page.screenshot("admin-upstream-down")
        # What is held is still shown.
        self.enter(page, "#look-up-form [name=name]", "203.0.113.10")
        page.press("Enter")
        page.wait_for(CARD)
        self.assertIn("873 of 1000", page.evaluate(CARD + ".innerText"))

    def test_it_says_so_when_the_service_is_gone_and_keeps_what_it_knew(self):
        self.fill()
        page = self.opened()
        self.stand.service.stop()
        page.wait_for("document.querySelector('#state-list').innerText.includes('Cardstock does not answer.')")
        self.assertIn("Cards asked for\n7", self.text(page, "#tiles"))
        page.screenshot("admin-service-gone")


class WithToken(AdminPage):
    LOG_IN = "!document.querySelector('#log-in').hidden"

    def test_log_in_and_out(self):
        self.stand = stand('token_file = "admin-token"')
        self.addCleanup(self.stand.stop)
        page = self.opened(ready=self.LOG_IN)
        self.assertTrue(page.evaluate("document.activeElement.id === 'token' && document.querySelector('#board').hidden"))
        page.errors.clear()  # 401s of the figures are how the page learns of it
        page.screenshot("admin-log-in")
        page.type("a wrong one")
        page.press("Enter")
        page.wait_for("document.querySelector('#log-in-fault').innerText === 'This token may not administer.'")
        self.assertEqual(page.evaluate("document.querySelector('#token').value"), "")
        self.enter(page, "#token", TOKEN)
        page.press("Enter")
        page.wait_for(DRAWN)
        page.wait_for("!document.querySelector('#log-out').hidden && document.querySelector('#log-in').hidden")
        self.assertEqual(page.evaluate("document.cookie"), "")  # out of reach of scripts
        self.assertEqual(page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length"), 0)
        self.assertRegex(self.text(page, "#audit"), r"admin from 127\.0\.0\.1\tlogin\t\tdone\n.*unknown from 127\.0\.0\.1\tlogin\t\trefused")
        page.open(self.stand.admin_url + "/admin/")  # the cookie stays
        page.wait_for(DRAWN)
        self.assertEqual(all_faults(page, self.stand.admin_url), [])
        page.evaluate("document.querySelector('#log-out').focus()")
        page.press_and_load("Enter")
        page.wait_for(self.LOG_IN)
        self.assertFalse(re.search(r"\d hits", page.evaluate("document.body.innerText")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
