"""Prewarm jobs on the admin page, in a real browser: started from a file and from what is asked most, watched, cancelled.

Called by ctest with the source folder, the programs cardstock and cardstock-threatconnect, and a folder for screenshots.
"""
import json
import pathlib
import sys
import tempfile
import unittest
import urllib.request

from browser import DESKTOP, PHONE
from page_checks import all_faults, keyboard_faults, tab_stops
from stand import Stand

SOURCE, CARDSTOCK, SIMULATOR, SCREENSHOTS = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
READY = "document.querySelector('#jobs').childElementCount > 0"
JOBS = "document.querySelector('#jobs').innerText"
LONG_LIST = 40_000  # names: some parts


class PrewarmOnThePage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(SOURCE, CARDSTOCK, SIMULATOR, SCREENSHOTS)
        cls.addClassCleanup(cls.stand.stop)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def opened(self, size=DESKTOP, scheme="light"):
        page = self.stand.browser.page(size, scheme)
        self.addCleanup(page.close)
        page.open(self.stand.admin_url + "/admin/")
        page.wait_for(READY)
        return page

    def jobs(self) -> list:
        with urllib.request.urlopen(self.stand.admin_url + "/v1/admin/prewarm", timeout=60) as answer:
            return json.loads(answer.read())["jobs"]

    def choose(self, page, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, encoding="ascii")
        page.choose_file("#list-form [name=file]", path)

    def start(self, page, form: str) -> None:
        page.evaluate(f"document.querySelector('{form} button').focus()")
        page.press("Enter")

    def test_a_list_is_sent_and_its_end_is_shown(self):
        page = self.opened()
        self.choose(page, "few.csv", "Name\n203.0.113.10\n203[.]0.113.10\nnot an indicator\n192.0.2.9\n")
        self.start(page, "#list-form")
        page.wait_for(JOBS + ".includes('done')")
        text = page.evaluate(JOBS)
        for part in ("List few.csv", "2 of 2, 1 found, 1 absent, 1 refused.", "By loopback"):
            self.assertIn(part, text)
        page.evaluate("document.querySelector('#jobs summary').focus()")
        page.press("Enter")
        page.wait_for(JOBS + ".includes('Line 4: ')")
        self.assertEqual(all_faults(page, self.stand.admin_url), [])
        page.wait_for("document.querySelector('#audit').innerText.includes('list few.csv: 1 found, 1 absent')")

    def test_what_is_asked_most_is_warmed(self):
        urllib.request.urlopen(f"{self.stand.url}/v1/card?type=InternetDomainName&name=popular.example", timeout=60).close()
        page = self.opened()
        self.start(page, "#most-form")
        page.wait_for(JOBS + ".includes('The 100 asked most')")
        page.wait_for("!document.querySelector('#jobs button')")
        self.assertEqual([(job["state"], job["fresh"]) for job in self.jobs() if job["source"] == "most_asked"], [("done", 1)])

    def test_a_long_list_comes_in_parts_and_is_cancelled(self):
        self.stand.simulator.misbehave(times=LONG_LIST, delay_ms=300)
        self.addCleanup(self.stand.simulator.behave)
        page = self.opened()
        self.choose(page, "long.txt", "".join(f"host-{i}.a-long-name-that-fills-some-parts.example\n" for i in range(LONG_LIST)))
        self.start(page, "#list-form")
        page.wait_for("document.querySelector('#jobs progress')")
        page.wait_for("document.querySelector('#jobs progress')?.hasAttribute('value')")
        self.assertEqual(all_faults(page, self.stand.admin_url), [])
        self.assertEqual(keyboard_faults(tab_stops(page)), [])
        page.screenshot("admin-prewarm")
        for size, scheme in ((PHONE, "dark"), (PHONE, "light"), (DESKTOP, "dark")):
            other = self.opened(size, scheme)
            other.wait_for("document.querySelector('#jobs progress')")
            self.assertEqual(all_faults(other, self.stand.admin_url), [])
            other.evaluate("document.querySelector('#prewarm-head').scrollIntoView()")
            other.screenshot(f"admin-prewarm-{'phone' if size == PHONE else 'desktop'}-{scheme}")
        other.evaluate("document.querySelector('#jobs button').focus()")  # keys go to the page in front
        other.press("Enter")
        other.wait_for("document.querySelector('#jobs').innerText.includes('cancelled')")
        job = next(job for job in self.jobs() if job.get("name") == "long.txt")
        self.assertEqual(job["state"], "cancelled")
        self.assertGreater(job["bytes"], 1024 * 1024)
        self.assertLess(job["found"] + job["absent"], LONG_LIST)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
