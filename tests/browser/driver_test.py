"""The checks of page_checks.py find what they are there for: pages with one fault each, in the real browser.

Called by ctest with a folder for screenshots.
"""
import http.server
import pathlib
import sys
import threading
import unittest

from browser import DESKTOP, PHONE, Browser
from page_checks import contrast_faults, keyboard_faults, layout_faults, network_faults, structure_faults, tab_stops

GOOD = ('<!doctype html><html lang="en"><head><title>t</title><link rel="icon" href="data:,"></head><body><header><h1>Head</h1></header>'
        '<main><h2>Part</h2><p>Words <a href="/b">link</a></p><label>Name<input name="n"></label></main><footer>End</footer></body></html>')


class Answers(http.server.BaseHTTPRequestHandler):
    body = GOOD

    def do_GET(self):  # noqa: N802
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *_):
        pass


class Driver(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)
        cls.origin = f"http://127.0.0.1:{cls.server.server_port}"
        cls.browser = Browser(pathlib.Path(sys.argv[1]))
        cls.addClassCleanup(cls.browser.__exit__)
        cls.page = cls.browser.page()

    def opened(self, old="", new="", size=DESKTOP, scheme="light"):
        """The good page with `old` replaced."""
        self.assertIn(old, GOOD)
        Answers.body = GOOD.replace(old, new, 1) if old else GOOD
        self.page.resize(size)
        self.page.prefer(scheme)
        self.page.open(self.origin + "/")
        return self.page

    def test_a_good_page_has_no_fault(self):
        page = self.opened(size=PHONE)
        self.assertEqual(network_faults(page, self.origin) + layout_faults(page) + contrast_faults(page) + structure_faults(page), [])
        self.assertEqual(page.requests[0], self.origin + "/")
        stops = tab_stops(page)
        self.assertEqual([stop["tag"] for stop in stops], ["a", "input"])
        self.assertEqual(keyboard_faults(stops), [])

    def test_requests_to_others_and_the_console_are_seen(self):
        page = self.opened("</main>", '<img alt="x" src="https://elsewhere.test/x.png"></main>')
        self.assertIn("asks https://elsewhere.test/x.png", network_faults(page, self.origin))
        for script, told in (("console.error('odd')", "odd"), ("null.x", "TypeError")):
            page = self.opened("</main>", f"<script>{script}</script></main>")
            self.assertIn(told, " ".join(network_faults(page, self.origin)))

    def test_what_is_too_wide_is_seen(self):
        page = self.opened("Words", "W" * 300, size=PHONE)
        self.assertNotEqual(layout_faults(page), [])

    def test_pale_text_is_seen_in_the_scheme_where_it_is_pale(self):
        style = "<style>:root{color-scheme:light dark}body{background:#fff}@media(prefers-color-scheme:dark){body{background:#000;color:#333}}</style></head>"
        self.assertEqual(contrast_faults(self.opened("</head>", style)), [])
        self.assertNotEqual(contrast_faults(self.opened("</head>", style, scheme="dark")), [])

    def test_a_page_without_structure_is_seen(self):
        for old, new, told in (("<header>", "<div>", "0 landmarks banner"), ("h2>Part", "h4>Part", "heading level 4 behind 1"),
                               ("<label>Name", "<label>", "a textbox without a name"), ("link</a>", "</a>", "a link without a name"),
                               (' lang="en"', "", "no language"), ("<title>t", "<title>", "no title"),
                               ("<main><h2>", '<main id="a"><h2 id="a">', "id a twice"), ("<h1>", "<h2>", "headings of level 1: 0")):
            with self.subTest(told):
                self.assertIn(told, "\n".join(structure_faults(self.opened(old, new))))

    def test_a_focus_that_is_not_seen_is_told(self):
        page = self.opened("</head>", "<style>:focus{outline:0}</style></head>")
        self.assertEqual(len(keyboard_faults(tab_stops(page))), 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
