"""scripts/prewarm fetching risk lists over real HTTPS from a stand-in for Recorded Future's Connect API.

Called by ctest with the source folder.
"""
import gzip
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

SOURCE = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(SOURCE / "tests/extension"))
import tls_front  # noqa: E402

TOKEN = "a-token-of-32-characters-or-more"
LISTS = {"ip": "198.51.100.1", "domain": "evil.test", "url": "http://evil.test/", "hash": "d41d8cd98f00b204e9800998ecf8427e"}
TYPES = {"ip": "IpAddress", "domain": "InternetDomainName", "url": "URL", "hash": "Hash"}
PROGRAM = """#!/usr/bin/env bash
echo "ARGS ${*:1:3}"
gzip -dc -- "${@: -1}"
"""


def arguments_of_this_machine() -> bytes:
    """What every user can read: the arguments of all processes."""
    found = b""
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes()
        except OSError:
            pass  # it has ended
    return found


class StandIn(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        self.server.asked.append((target.path, urllib.parse.parse_qs(target.query)))
        if TOKEN.encode() in arguments_of_this_machine():
            self.server.leaks += 1
        if self.headers.get("X-RFToken") != TOKEN:
            return self.send_error(401)
        kind = target.path.split("/")[2]
        body = gzip.compress(f'"Name","Risk"\n"{LISTS[kind]}","90"\n'.encode())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class RiskLists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        cls.authority = tls_front.Authority(cls.work / "authority")
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
        cls.server.socket = cls.authority.server("localhost").wrap_socket(cls.server.socket, server_side=True)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        (cls.work / "cardstock").write_text(PROGRAM, encoding="utf-8")
        (cls.work / "cardstock").chmod(0o700)
        (cls.work / "token").write_text(TOKEN + "\n", encoding="ascii")

    def setUp(self):
        self.server.asked, self.server.leaks = [], 0

    def fetch(self, kinds: str, *options: str, **environment: str) -> subprocess.CompletedProcess:
        env = {"PATH": os.environ["PATH"], "CARDSTOCK": str(self.work / "cardstock"), "CURL_CA_BUNDLE": str(self.authority.pem),
               "RECORDED_FUTURE_URL": f"https://localhost:{self.server.server_address[1]}",
               "RECORDED_FUTURE_TOKEN_FILE": str(self.work / "token"), **environment}
        return subprocess.run([SOURCE / "scripts/prewarm", "--fetch", kinds, *options], env=env, text=True,
                              capture_output=True, timeout=100)

    def test_each_list_is_fetched_and_handed_on_with_its_type(self):
        done = self.fetch("ip,domain,url,hash")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for kind, name in LISTS.items():
            self.assertIn(f'ARGS prewarm --type {TYPES[kind]}\n"Name","Risk"\n"{name}","90"\n', done.stdout)
        self.assertEqual([path for path, _ in self.server.asked], [f"/v2/{kind}/risklist" for kind in LISTS])
        for _, query in self.server.asked:
            self.assertEqual(query, {"format": ["csv/splunk"], "gzip": ["true"], "list": ["default"]})

    def test_a_list_by_name_and_a_token_from_the_environment(self):
        done = self.fetch("ip", "--list", "recentActiveCnc", RECORDED_FUTURE_TOKEN_FILE="", RECORDED_FUTURE_TOKEN=TOKEN)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.server.asked[0][1]["list"], ["recentActiveCnc"])

    def test_the_token_stands_in_no_arguments_and_no_output(self):
        done = self.fetch("ip,url")
        self.assertEqual((done.returncode, self.server.leaks), (0, 0))
        self.assertNotIn(TOKEN, done.stdout + done.stderr)

    def test_a_token_that_is_refused_fails_and_hands_nothing_on(self):
        done = self.fetch("ip", RECORDED_FUTURE_TOKEN_FILE="", RECORDED_FUTURE_TOKEN="another")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("ARGS", done.stdout)
        self.assertIn('the risk list "ip" could not be fetched', done.stderr)

    def test_a_server_that_is_not_trusted_gets_no_token(self):
        done = self.fetch("ip", CURL_CA_BUNDLE="/etc/ssl/certs/ca-certificates.crt")
        self.assertEqual((done.returncode, self.server.asked), (1, []))

    def test_there_is_no_list_of_email_addresses(self):
        done = self.fetch("email")
        self.assertEqual((done.returncode, self.server.asked), (2, []))
        self.assertIn("e-mail", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
