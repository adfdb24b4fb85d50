"""/v1/preview of the running service in headless Chromium: sample cards and look-ups, at phone and desktop widths, dark and light.

Called by ctest with the source folder, the programs cardstock and cardstock-threatconnect, and a folder for screenshots.
"""
import json
import pathlib
import subprocess
import sys
import unittest
import urllib.parse

from browser import DESKTOP, PHONE
from page_checks import all_faults, keyboard_faults, layout_faults, tab_stops
from stand import Stand

SOURCE, CARDSTOCK, SIMULATOR, SCREENSHOTS = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
CRITERIA = """
[[criteria]]
name = "Block at the firewall"
owner = "Demo Organization"
min_confidence = 90
[[criteria]]
name = "Watch"
min_rating = 5
"""
DRAWN = """Object.fromEntries([...document.querySelectorAll('article')].map((card) => [card.querySelector('h2').id,
  [...card.querySelectorAll(':scope > dl > div, :scope > section, :scope > details')].map((e) => ({
    label: e.querySelector('dt, h3').firstChild.data.trim(), closed: e.matches('details:not([open])'),
    rows: e.matches('div') ? null : [...e.querySelector('ul').children].map((row) => [...row.querySelectorAll('dt')].map((t) => t.textContent))}))]))"""
SIZES = {"phone": PHONE, "desktop": DESKTOP}


class Preview(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(SOURCE, CARDSTOCK, SIMULATOR, SCREENSHOTS, more=CRITERIA)
        cls.addClassCleanup(cls.stand.stop)
        cls.samples = sorted(path.stem for path in (SOURCE / "tests/golden/card").glob("*.json"))

    def url(self, **query):
        return f"{self.stand.admin_url}/v1/preview" + ("?" + urllib.parse.urlencode(query) if query else "")

    def page(self, size=DESKTOP, scheme="light"):
        page = self.stand.browser.page(size, scheme)
        self.addCleanup(page.close)
        return page

    def look(self, page, picture, **query):
        """Opens it, checks it, with its lists closed and open, and takes its picture."""
        page.open(self.url(**query))
        self.assertEqual(layout_faults(page), [], query)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        self.assertEqual(all_faults(page, self.stand.admin_url), [], query)
        page.screenshot(picture)

    def test_every_sample_and_a_look_up_at_every_width_dark_and_light(self):
        for width, size in SIZES.items():
            for scheme in ("light", "dark"):
                page = self.page(size, scheme)
                with self.subTest(width=width, scheme=scheme):
                    self.look(page, f"preview_samples_{width}_{scheme}", sample="all")
                    self.look(page, f"preview_lookup_{width}_{scheme}", type="IpAddress", name="203.0.113.10")
                    ink, paper = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
                    self.assertEqual(sum(numbers(ink)) > sum(numbers(paper)), scheme == "dark")

    def test_the_start_and_what_nobody_holds(self):
        page = self.page(PHONE)
        self.look(page, "preview_start_phone")
        self.look(page, "preview_none_phone", type="IpAddress", name="192.0.2.99")

    def test_every_sample_is_drawn_from_the_document_that_the_program_writes(self):
        metadata = json.loads(subprocess.run([CARDSTOCK, "metadata"], check=True, capture_output=True, timeout=60).stdout)
        page = self.page()
        page.open(self.url(sample="all"))
        drawn = page.evaluate(DRAWN)
        self.assertEqual(sorted(drawn), ["sample-" + sample for sample in self.samples])
        for sample in self.samples:
            card = json.loads((SOURCE / "tests/golden/card" / f"{sample}.json").read_text(encoding="utf-8"))
            self.assertEqual(drawn["sample-" + sample], expected(metadata, card), sample)

    def test_the_keyboard_reaches_and_opens_everything(self):
        page = self.page()
        page.open(self.url(type="IpAddress", name="203.0.113.10"))
        stops = tab_stops(page)
        self.assertEqual(keyboard_faults(stops), [])
        self.assertEqual(stops[0]["text"], "Skip to the card")
        lists = page.evaluate("[...document.querySelectorAll('summary')].map((e) => e.textContent.trim())")
        self.assertGreaterEqual(len(lists), 4)
        self.assertEqual([stop["text"] for stop in stops if stop["tag"] == "summary"], lists)
        for key in ("Enter", " "):
            page.evaluate("document.querySelector('summary').focus()")
            before = page.evaluate("document.querySelector('details').open")
            page.press(key)
            self.assertEqual(page.evaluate("document.querySelector('details').open"), not before)
        page.evaluate("document.querySelector('.skip').focus()")
        page.press("Enter")
        self.assertEqual(page.evaluate("document.activeElement.id"), "card")

    def test_an_indicator_is_looked_up_by_keyboard_alone(self):
        page = self.page()
        page.open(self.url())
        for _ in range(2):
            page.press("Tab")
        self.assertEqual(page.evaluate("document.activeElement.name"), "type")
        page.press("Tab")
        page.type("203.0.113[.]10")
        page.press_and_load("Enter")
        self.assertEqual(page.evaluate("document.querySelector('dd').textContent"), "Demo Organization")
        self.assertEqual(all_faults(page, self.stand.admin_url), [])


def expected(metadata, card):
    """What of a card is drawn, in the order of metadata.json: label, whether it is closed, and the rows of a list with their labels."""
    return [{"label": entry["label"], "closed": entry.get("collapse", False), "rows": rows(entry, card[entry["key"]])}
            for entry in metadata["entries"] if entry["key"] in card]


def rows(entry, value):
    if entry["type"] != "list":
        return None
    if entry["item"]["type"] != "dict":
        return [[] for _ in value]
    return [[inner["label"] for inner in entry["item"]["entries"] if inner["key"] in item] for item in value]


def numbers(colour):
    return [int(part) for part in colour[colour.index("(") + 1:-1].split(",")[:3]]


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
