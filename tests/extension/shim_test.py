"""The packed extension under a real Jython, over real HTTPS, against the real service and the simulator.

Called by ctest with the source folder and the programs cardstock and cardstock-threatconnect; names of tests may follow.
"""
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

import tls_front

SOURCE, CARDSTOCK, SIMULATOR = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from programs import START_LIMIT, Simulator, jython, start_service  # noqa: E402
SECRET = "a-shared-secret+of/the=test"
TC_SECRET = "a-demonstration-secret-that-protects-nothing"
HELD = {"IpAddress": "203.0.113.10", "InternetDomainName": "evil.example", "URL": "http://evil.example/login.php?id=1",
        "Hash": "d41d8cd98f00b204e9800998ecf8427e", "EmailAddress": "billing@evil.example"}
CONFIG = """
[server]
listen = "127.0.0.1:0"
shared_secret_file = "{secret}"
tls_certificate = "{certificate}"
tls_key = "{key}"
[admin]
listen = "127.0.0.1:0"
[threatconnect]
base_url = "{own}"
pass_through_hosts = [{hosts}]
portal_url = "https://portal.example"
call_timeout = "3s"
card_timeout = "6s"
[limits]
requests_per_minute = 0
[store]
path = "{folder}/cardstock.db"
"""
TIMED_OUT = "Cardstock did not answer in time. Try again in a minute."
NOT_TRUSTED = "Cardstock's certificate was not accepted, so nothing was asked. Tell the operator of this extension."
NOT_REACHED = ("Cardstock cannot be reached. Try again in a minute; if that does not help, tell the operator of this "
               "extension.")
NOT_UNDERSTOOD = "What answered for Cardstock could not be understood. Tell the operator of this extension."


class Extension(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.work = pathlib.Path(folder.name)
        (cls.work / "empty").mkdir()
        (cls.work / "secret").write_text(SECRET + "\n", encoding="ascii")
        (cls.work / "secret").chmod(0o600)
        cls.authority = tls_front.Authority(cls.work / "authority")
        cls.tls = cls.authority.server("localhost")
        cls.threatconnect, cls.failing, cls.limited = (cls.start(Simulator(SIMULATOR, SOURCE / "config/simulator/sample.json"))
                                                       for _ in range(3))
        hosts = ", ".join(f'"{one.url}"' for one in (cls.threatconnect, cls.failing, cls.limited))
        config = cls.work / "cardstock.toml"
        certificate, key = cls.authority.certificate("localhost")
        config.write_text(CONFIG.format(certificate=certificate, key=key, secret=cls.work / "secret",
                                        own=cls.threatconnect.url, hosts=hosts, folder=cls.work), encoding="utf-8")
        cls.service = cls.start(start_service(CARDSTOCK, config))
        cls.card = cls.unpack(f"https://localhost:{cls.service.port}", "--shared-secret-file", cls.work / "secret")
        run = jython(cls.authority.pem, cls.work / "empty", HERE)
        cls.worker = subprocess.Popen([*run["args"], HERE / "jython_worker.py"], env=run["env"], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.addClassCleanup(cls.worker.communicate)
        for _ in range(5):  # a cold Jython gives a handshake ten seconds of its own, which a busy machine may not have
            if "returned" in cls.call("IpAddress", "203.0.113.10", cls.auth()):
                break

    @classmethod
    def start(cls, program):
        cls.addClassCleanup(program.stop)
        return program

    @classmethod
    def package(cls, behaviour, context: object = "trusted") -> pathlib.Path:
        """An extension that asks a new TLS front, in a folder of its own; cls.front is that front."""
        cls.front = tls_front.Front(cls.tls if context == "trusted" else context, behaviour)
        cls.addClassCleanup(cls.front.close)
        return cls.asking(cls.front.url)

    @classmethod
    def asking(cls, url: str) -> pathlib.Path:
        """The packed extension again, with another address in it: packing takes its time."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=cls.work))
        program = (cls.card / "threatconnect.py").read_text(encoding="ascii")
        (folder / "threatconnect.py").write_text(
            program.replace(f'"https://localhost:{cls.service.port}"', f'"{url}"'), encoding="ascii")
        return folder

    @classmethod
    def unpack(cls, url: str, *options) -> pathlib.Path:
        folder = pathlib.Path(tempfile.mkdtemp(dir=cls.work))
        packed = folder / "card.tgz"
        subprocess.run([SOURCE / "scripts/package-extension", "--service-url", url, "--output", packed, *options],
                       check=True, capture_output=True, env={**os.environ, "CARDSTOCK": CARDSTOCK})
        with tarfile.open(packed) as archive:
            for member in archive:  # flat, as package_test.py proves
                (folder / member.name).write_bytes(archive.extractfile(member).read())
        return folder

    @classmethod
    def call(cls, kind: str, name: str, auth: object, folder: pathlib.Path | None = None, **more) -> dict:
        order = {"folder": str(folder or cls.card), "request": {"entity": {"name": name, "type": kind}}, "auth": auth,
                 "set": {"SECONDS": 300}, **more}
        cls.worker.stdin.write(json.dumps(order) + "\n")
        cls.worker.stdin.flush()
        return json.loads(cls.worker.stdout.readline())

    @classmethod
    def auth(cls, simulator=None, **more) -> dict:
        url = (simulator or cls.threatconnect).url + "/api"
        return {"base_url": url, "api_id": "demo", "api_secret": TC_SECRET, **more}

    def card_of(self, answer: dict) -> dict:
        self.assertIn("returned", answer, answer)
        card = json.loads(answer["returned"])
        self.assert_declared(card, json.loads((self.card / "metadata.json").read_text(encoding="utf-8"))["entries"])
        return card

    def assert_declared(self, value: dict, entries: list) -> None:
        known = {entry["key"]: entry for entry in entries}
        for key, inner in value.items():
            self.assertIn(key, known)
            for item in inner if isinstance(inner, list) else []:
                if isinstance(item, dict):
                    self.assert_declared(item, known[key]["item"]["entries"])

    def assert_raised(self, answer: dict, kind: str, text: str | None = None) -> None:
        self.assertEqual(answer.get("raised"), kind, answer)
        self.assertTrue(answer["ours"])
        if text is not None:
            self.assertEqual(answer["text"], text)

    def assert_sentence(self, answer: dict, text: str) -> None:
        self.assert_raised(answer, "ExtensionApiException", text)

    # What the service answers

    def test_every_type_is_answered_with_declared_keys(self):
        for kind, name in HELD.items():
            with self.subTest(kind):
                card = self.card_of(self.call(kind, name, self.auth()))
                self.assertEqual(card["threat_assess_score"], "873 of 1000 (Critical)")
                self.assertRegex(card["portal_link"], "^https://portal.example/")
                self.assertEqual(len(card["all_owners"]), 2)

    def test_base_url_of_the_public_cloud(self):
        auth = self.auth(base_url=self.threatconnect.url)
        self.assertIn("owner_name", self.card_of(self.call("IpAddress", "203.0.113.10", auth)))

    def test_names_arrive_as_they_were_given(self):
        card = self.card_of(self.call("URL", 'http://evil.example/a b,c?q="x"\'\\&u=\u00fc', self.auth()))
        self.assertEqual(card["owner_name"], "Demo Organization")
        card = self.card_of(self.call("InternetDomainName", "\u00f61.example", self.auth()))
        self.assertEqual(card["owner_name"], "Intelligence Community")

    def test_nothing_is_kept_from_one_look_up_to_the_next(self):
        first = self.card_of(self.call("InternetDomainName", "evil.example", self.auth()))
        absent = self.call("IpAddress", "192.0.2.1", self.auth())
        self.assert_raised(absent, "NoResultException")
        self.assertNotIn("evil.example", absent["text"])
        other = self.card_of(self.call("IpAddress", "198.51.100.23", self.auth()))
        self.assertNotEqual(first["owner_name"], other["owner_name"])
        self.assertNotIn("associated_groups", other)

    def test_no_result(self):
        answer = self.call("InternetDomainName", "unheard-of.example", self.auth())
        self.assert_raised(answer, "NoResultException")
        self.assertRegex(answer["text"], r"^unheard-of\.example: No.* this indicator, inactive copies included\. Asked: 20.*\.$")

    def test_auth_failed(self):
        self.assert_raised(self.call("IpAddress", "203.0.113.10", self.auth(api_secret="wrong")),
                           "AuthenticationFailedException")

    def test_missing_credentials(self):
        self.assert_raised(self.call("IpAddress", "203.0.113.10", self.auth(api_secret=" ")), "MissingCredentialsException")
        self.assert_raised(self.call("IpAddress", "203.0.113.10", {"base_url": self.threatconnect.url}),
                           "MissingCredentialsException")

    def test_unsupported_type(self):
        self.assert_raised(self.call("Malware", "Emotet", self.auth()), "UnsupportedTypeException", "Malware")

    def test_invalid_indicator(self):
        answer = self.call("IpAddress", "999.1.1.1", self.auth())
        self.assert_raised(answer, "ExtensionApiException")
        self.assertRegex(answer["text"], r"^[A-Z\"].*\.$")

    def test_instance_that_is_not_allowed(self):
        answer = self.call("IpAddress", "203.0.113.10", self.auth(base_url="https://elsewhere.example"))
        self.assert_raised(answer, "ExtensionApiException")
        self.assertRegex(answer["text"], r"^[A-Z].*\.$")

    def test_busy(self):
        self.limited.misbehave(status=429, headers={"Retry-After": "600"})
        answer = self.call("IpAddress", "203.0.113.10", self.auth(self.limited))
        self.assert_raised(answer, "ExtensionApiException")
        self.assertRegex(answer["text"], r"^The limit of calls .*Ask again in 10 minutes\.$")

    def test_error_of_threatconnect(self):
        for fault, words in (({"status": 200, "body": "<html>Log in</html>"}, "base URL"), ({"hang": True}, "in time"),
                             ({"clock_offset_s": 900}, "clock")):
            with self.subTest(words):
                self.failing.misbehave(times=3, **fault)
                answer = self.call("IpAddress", "203.0.113.10", self.auth(self.failing))
                self.assert_raised(answer, "ExtensionApiException")
                self.assertIn(words, answer["text"])
                self.assertNotIn("<", answer["text"])
                self.failing.behave()

    def test_wrong_shared_secret(self):
        folder = self.unpack(f"https://localhost:{self.service.port}")
        self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder),
                             "This service needs its shared secret in X-Cardstock-Secret.")

    def test_behind_a_prefix(self):
        self.package(tls_front.answer_with(tls_front.http("200 OK", b'{"outcome":"ok","message":"","card":{}}')))
        folder = self.asking(self.front.url + "/tc")
        self.card_of(self.call("IpAddress", "203.0.113.10", None, folder))
        head, _, body = self.front.requests[0].partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"POST /tc/v1/card HTTP/1.1\r\n"), head)
        self.assertEqual(json.loads(body), {"entity": {"name": "203.0.113.10", "type": "IpAddress"}, "auth": {}})

    def test_message_and_link_reach_the_analyst(self):
        for outcome, kind, text in (("no_result", "NoResultException", "evil.example: Our sentence."),
                                    ("busy", "ExtensionApiException", "Our sentence."),
                                    ("of a later version", "ExtensionApiException", "Our sentence.")):
            with self.subTest(outcome):
                body = json.dumps({"outcome": outcome, "message": "Our sentence.", "link": "https://portal.example/1"})
                folder = self.package(tls_front.answer_with(tls_front.http("503 Busy", body.encode())))
                answer = self.call("InternetDomainName", "evil.example", self.auth(), folder)
                self.assert_raised(answer, kind, text)
                self.assertEqual(answer["link"], "https://portal.example/1")

    def test_messages_and_links_of_another_form(self):
        for message in (None, 5, "", " ", ["x"], {}, "left out"):
            for outcome, kind, text in (("no_result", "NoResultException", "evil.example"),
                                        ("error", "ExtensionApiException", NOT_UNDERSTOOD)):
                with self.subTest(f"{outcome} {message}"):
                    answer = {"outcome": outcome, "message": message, "link": "javascript:alert(1)" if message else 7}
                    if message == "left out":
                        del answer["message"]
                    body = json.dumps(answer).encode()
                    folder = self.package(tls_front.answer_with(tls_front.http("200 OK", body)))
                    told = self.call("InternetDomainName", "evil.example", self.auth(), folder)
                    self.assert_raised(told, kind, text)
                    self.assertIsNone(told["link"])

    def test_letters_of_every_kind_reach_the_analyst(self):
        body = json.dumps({"outcome": "no_result", "message": "Nobody holds \u00fc\U0001f600."}, ensure_ascii=False)
        folder = self.package(tls_front.answer_with(tls_front.http("200 OK", body.encode())))
        answer = self.call("InternetDomainName", "\u00f6.example", self.auth(), folder)
        self.assert_raised(answer, "NoResultException", "\u00f6.example: Nobody holds \u00fc\U0001f600.")

    def test_through_a_proxy_of_the_environment(self):
        proxy = tls_front.Proxy()
        self.addCleanup(proxy.close)
        environment = {"https_proxy": proxy.url}
        card = self.card_of(self.call("IpAddress", "203.0.113.10", self.auth(), environment=environment))
        self.assertEqual(card["owner_name"], "Demo Organization")
        self.assertEqual(proxy.asked, [f"localhost:{self.service.port}".encode()])
        stranger = tls_front.Authority(self.work / "behind-a-proxy").server("localhost")
        folder = self.package(tls_front.answer_with(tls_front.http("200 OK", b"{}")), context=stranger)
        self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder, environment=environment), NOT_TRUSTED)
        self.assertEqual(self.front.requests, [], "credentials were sent")

    # What is no answer of the service

    def test_answers_that_are_not_cardstocks(self):
        json_type = "Content-Type: application/json"
        for answer in (tls_front.http("200 OK", b"<html>Sign in</html>", "Content-Type: text/html"),
                       tls_front.http("502 Bad Gateway", b"<html>Bad Gateway</html>", "Content-Type: text/html"),
                       tls_front.http("200 OK", b"", json_type), tls_front.http("200 OK", b"[1]", json_type),
                       tls_front.http("200 OK", b'{"hello":1}', json_type), tls_front.http("200 OK", b'"text"', json_type),
                       tls_front.http("200 OK", b'{"outcome":"ok","message":""}', json_type),
                       tls_front.http("200 OK", b'{"outcome":"ok","message":"","card":null}', json_type),
                       tls_front.http("200 OK", b'{"outcome":"ok","message":"","card":[]}', json_type),
                       tls_front.http("200 OK", b'{"outcome":"ok","message":"\xff","card":{}}', json_type),
                       tls_front.http("200 OK", b'{"outcome":null,"message":null}', json_type), b"SSH-2.0-OpenSSH_9.2\r\n",
                       tls_front.http("200 OK", b"{}", "Content-Encoding: gzip"), b"\0" * 1000,
                       tls_front.http("200 OK", b"\xff\xfe", json_type), tls_front.http("200 OK", b"[" * 100_000, json_type),
                       tls_front.http("204 No Content", b""),
                       tls_front.http("200 OK", b'{"outcome":"ok"}', json_type).replace(b"Length: 16", b"Length: 99"),
                       tls_front.http("404 Not Found", b'{"title":"Not Found"}', "Content-Type: application/problem+json")):
            with self.subTest(answer[:120]):
                folder = self.package(tls_front.answer_with(answer))
                self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder), NOT_UNDERSTOOD)

    def test_redirects_are_not_followed(self):
        self.package(tls_front.answer_with(tls_front.http("200 OK", b"{}")))
        other = self.front
        for status in ("301 Moved", "302 Found", "307 Temporary Redirect"):
            with self.subTest(status):
                folder = self.package(tls_front.answer_with(tls_front.http(status, b"", f"Location: {other.url}/v1/card")))
                self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder), NOT_UNDERSTOOD)
        self.assertEqual(other.requests, [])

    def test_no_answer_in_time(self):
        for context in (self.tls, None):
            with self.subTest("no answer" if context else "no handshake"):
                folder = self.package(tls_front.say_nothing, context=context)
                self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder, set={"SECONDS": 1}), TIMED_OUT)

    def test_an_answer_without_end(self):
        """Cut off at a size, and not kept coming behind it."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        for more in (b"Connection: close\r\n\r\n\"", b"Content-Length: 99999999999\r\n\r\n\""):
            with self.subTest(more):
                folder = self.package(tls_front.never_end(head + more, b"x" * 65536))
                self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder), NOT_UNDERSTOOD)
                self.assertTrue(self.front.left.wait(START_LIMIT), "the connection stays open")

    def test_an_answer_in_drops(self):
        """Each of them comes in time, and the whole never would."""
        head = b"HTTP/1.1 200 OK\r\n"
        for why, start, drop in (("status", b"", b"H"), ("header", head, b"X"), ("headers", head, b"X: y\r\n"),
                                 ("body", head + b"Connection: close\r\n\r\n{", b" "),
                                 ("known length", head + b"Content-Length: 9999\r\n\r\n{", b" "),
                                 ("chunks", head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
                                 ("not yet", b"", b"HTTP/1.1 100 Continue\r\n\r\n")):
            with self.subTest(why):
                folder = self.package(tls_front.never_end(start, drop, 0.2))
                told = self.call("IpAddress", "203.0.113.10", self.auth(), folder, set={"SECONDS": 3})
                self.assert_sentence(told, TIMED_OUT)
                self.assertTrue(self.front.left.wait(START_LIMIT), "the connection stays open")

    def test_a_connection_that_breaks(self):
        folder = self.package(lambda front, connection: None)
        self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder), NOT_REACHED)

    def test_a_connection_that_breaks_before_it_is_secure(self):
        folder = self.package(lambda front, connection: None, context=None)
        answer = self.call("IpAddress", "203.0.113.10", self.auth(), folder, set={"SECONDS": 1})
        self.assert_raised(answer, "ExtensionApiException")
        # Jython may miss that the peer has left, and waits for it.
        self.assertIn(answer["text"], (NOT_REACHED, NOT_TRUSTED, TIMED_OUT))

    def test_nobody_listens(self):
        folder = self.package(tls_front.say_nothing)
        self.front.close()
        self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder), NOT_REACHED)
        folder = self.asking("https://no-such-host.invalid")
        self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder), NOT_REACHED)

    def test_certificates_that_must_not_be_accepted(self):
        stranger = tls_front.Authority(self.work / "stranger")
        for why, context in (("unknown authority", stranger.server("localhost")),
                             ("another name", self.authority.server("other.example")),
                             ("expired", self.authority.server("localhost", "20200101000000Z", "20200201000000Z"))):
            with self.subTest(why):
                folder = self.package(tls_front.answer_with(tls_front.http("200 OK", b"{}")), context=context)
                self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), folder), NOT_TRUSTED)
                self.assertEqual(self.front.requests, [], "credentials were sent")

    # What is no sensible call

    def test_faults_of_java(self):
        self.assert_sentence(self.call("IpAddress", "203.0.113.10", self.auth(), java_fault=True), NOT_UNDERSTOOD)

    def test_calls_without_their_dictionaries(self):
        self.assert_raised(self.call("IpAddress", "203.0.113.10", None), "MissingCredentialsException")
        for request in (None, {}, {"entity": None}, {"entity": {}}):
            with self.subTest(str(request)):
                answer = self.call("", "", self.auth(), request=request)
                self.assert_raised(answer, "ExtensionApiException")
                self.assertRegex(answer["text"], r"^[A-Z].*\.$")

    def test_the_documented_local_line(self):
        folder = self.asking(f"https://localhost:{self.service.port}")
        program = (folder / "threatconnect.py").read_text(encoding="ascii")
        self.assertEqual(program.count("SECONDS = 30 "), 1)
        (folder / "threatconnect.py").write_text(program.replace("SECONDS = 30 ", "SECONDS = 300 "), encoding="ascii")
        (self.work / "recordedfuture_extension_util").symlink_to(HERE / "recordedfuture_extension_util")
        run = jython(self.authority.pem, self.work / "empty", pathlib.Path("../"))
        entity = {"entity": {"name": "203.0.113.10", "type": "IpAddress"}}
        for _ in range(3):  # as in setUpClass
            ended = subprocess.run([*run["args"], "threatconnect.py", json.dumps(entity), json.dumps(self.auth())],
                                   env=run["env"], cwd=folder, capture_output=True, text=True, check=False)
            if "Try again in a minute" not in ended.stderr:
                break
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(json.loads(ended.stdout)["owner_name"], "Demo Organization")

    @classmethod
    def tearDownClass(cls):
        told = "\n".join(cls.service.lines)
        assert SECRET not in told and TC_SECRET not in told, "a secret is in the log"


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
