"""docs/openapi.yaml against the running service: every route is in it, and every answer is as it says.

Called by ctest with the source folder and the programs cardstock and cardstock-threatconnect.
"""
import json
import pathlib
import re
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import jsonschema
import yaml

SOURCE, CARDSTOCK, SIMULATOR = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.path.insert(0, str(SOURCE / "tests/support"))
from programs import START_LIMIT, Simulator, start_service  # noqa: E402

DOCUMENT = (SOURCE / "docs/openapi.yaml").read_bytes()
API = yaml.safe_load(DOCUMENT)
CONFIG = """
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[threatconnect]
base_url = "{url}"
api_id = "demo"
api_secret_file = "{folder}/secret"
pass_through_hosts = ["{url}"]
call_timeout = "1s"
card_timeout = "2s"
[limits]
requests_per_minute = 0
[store]
path = "{folder}/cardstock.db"
[[criteria]]
name = "Block"
min_confidence = 80
"""


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        work = pathlib.Path(folder.name)
        secret = work / "secret"
        secret.touch(0o600)
        secret.write_text("a-demonstration-secret-that-protects-nothing", encoding="ascii")
        cls.simulator = Simulator(SIMULATOR, SOURCE / "config/simulator/sample.json")
        cls.addClassCleanup(cls.simulator.stop)
        config = work / "cardstock.toml"
        config.write_text(CONFIG.format(url=cls.simulator.url, folder=work), encoding="utf-8")
        cls.service = start_service(CARDSTOCK, config)
        cls.addClassCleanup(cls.service.stop)
        started = next(json.loads(line) for line in cls.service.lines if '"event":"started"' in line)
        cls.origins = {"public": started["url"], "admin": started["admin_url"]}

    def call(self, method: str, path: str, body: object = None, listener: str = "public", **headers: str):
        """Status, headers and body of an answer."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.origins[listener] + path, data, method=method, headers={
            "Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}})
        try:
            answer = urllib.request.urlopen(request, timeout=START_LIMIT)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return answer.status, answer.headers, answer.read()

    def resolve(self, node: dict) -> dict:
        while "$ref" in node:
            found = API
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node

    def check(self, status: int, method: str, path: str, body: object = None, listener: str = "public", **headers: str):
        """An answer of this status that is as the document says; its JSON."""
        answered, kinds, content = self.call(method, path, body, listener, **headers)
        self.assertEqual(answered, status, content)
        operation = API["paths"][urllib.parse.urlsplit(path).path][method.lower()]
        self.assertIn(str(status), operation["responses"], "an undocumented status")
        described = self.resolve(operation["responses"][str(status)])["content"]
        kind = kinds["Content-Type"].split(";")[0]
        self.assertIn(kind, described, "an undocumented content type")
        if "json" not in kind:
            return content
        value = json.loads(content)
        schema = {**self.resolve(described[kind]["schema"]), "components": API["components"]}
        jsonschema.Draft202012Validator(schema).validate(value)
        return value

    def outcome(self, expected: str, status: int, kind: str, name: str, auth: object = None, **headers: str):
        body = {"entity": {"name": name, "type": kind}, "auth": auth}
        answer = self.check(status, "POST", "/v1/card", body, **headers)
        self.assertEqual(answer["outcome"], expected)
        return answer

    def auth(self, **more: str) -> dict:
        return {"base_url": self.simulator.url, "api_id": "partner", "api_secret": "another-demonstration-secret", **more}

    def test_the_document_is_served(self):
        for listener in self.origins:
            self.assertEqual(self.check(200, "GET", "/openapi.yaml", listener=listener), DOCUMENT)

    def test_its_schemas_and_examples_are_sound(self):
        for name, schema in API["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)
        examples = 0
        for path in API["paths"].values():
            for operation in path.values():
                bodies = [operation["requestBody"]] if "requestBody" in operation else []
                for content in (one for body in [*bodies, *map(self.resolve, operation["responses"].values())]
                                for one in body.get("content", {}).values() if "example" in one):
                    schema = {**self.resolve(content["schema"]), "components": API["components"]}
                    jsonschema.Draft202012Validator(schema).validate(content["example"])
                    examples += 1
        self.assertGreater(examples, 3)

    def test_every_route_is_documented_with_its_methods(self):
        routes = re.findall(r'RouteRow\{\s*"(/[^"]*)"', (SOURCE / "src/http/api/api.cpp").read_text(encoding="utf-8"))
        self.assertGreater(len(routes), 8)
        self.assertEqual(set(routes), set(API["paths"]))

    def test_methods_are_those_that_the_service_takes(self):
        for path, item in API["paths"].items():
            with self.subTest(path):
                listener = "admin" if item[min(item)]["tags"] == ["admin"] else "public"
                status, headers, _ = self.call("PATCH", path, listener=listener)
                self.assertEqual(status, 405)
                taken = {method.lower() for method in headers["Allow"].split(", ")} - {"head"}
                self.assertEqual(taken, set(item))

    def test_every_outcome(self):
        outcomes = {
            "ok": self.outcome("ok", 200, "IpAddress", "203.0.113.10"),
            "no_result": self.outcome("no_result", 200, "IpAddress", "192.0.2.1"),
            "invalid_indicator": self.outcome("invalid_indicator", 422, "IpAddress", "999.1.1.1"),
            "unsupported_type": self.outcome("unsupported_type", 422, "Malware", "Emotet"),
            "missing_credentials": self.outcome("missing_credentials", 400, "URL", "http://a.example/", {"api_id": "x"}),
            "auth_failed": self.outcome("auth_failed", 401, "IpAddress", "203.0.113.10", self.auth(api_secret="wrong")),
        }
        self.simulator.misbehave(status=429, headers={"Retry-After": "600"})
        outcomes["busy"] = self.outcome("busy", 503, "IpAddress", "192.0.2.2", self.auth())
        outcomes["error"] = self.outcome("error", 504, "IpAddress", "192.0.2.3", Cache_Control="only-if-cached")
        self.assertEqual(set(outcomes), set(API["components"]["schemas"]["Outcome"]["enum"]))

    def test_cards_with_everything_in_them(self):
        for kind, name in (("InternetDomainName", "popular.example"), ("InternetDomainName", "everywhere.example"),
                           ("InternetDomainName", "hostile.example"), ("InternetDomainName", "retired.example"),
                           ("InternetDomainName", "unrated.example"), ("EmailAddress", "billing@evil.example"),
                           ("Hash", "d41d8cd98f00b204e9800998ecf8427e"), ("URL", "http://evil.example/login.php?id=1")):
            with self.subTest(name):
                self.outcome("ok", 200, kind, name)

    def test_card_by_query(self):
        query = "/v1/card?type=IpAddress&name=203.0.113.10"
        self.check(200, "GET", query)
        self.assertIn("criteria", self.check(200, "GET", query + "&explain=criteria"))
        self.check(400, "GET", "/v1/card?type=IpAddress")
        self.check(401, "GET", query, Authorization="Bearer unknown")

    def test_batches(self):
        entities = [{"name": "203.0.113.10", "type": "IpAddress"}, {"name": "x", "type": "IpAddress"}, {"name": 1}]
        self.assertEqual(len(self.check(200, "POST", "/v1/cards", {"entities": entities})["results"]), 3)
        self.check(400, "POST", "/v1/cards", {"entities": []})

    def test_problems(self):
        for path in ("/v1/card", "/v1/cards"):
            self.check(400, "POST", path, b"{")
            self.check(401, "POST", path, {}, Authorization="Bearer unknown")
            self.check(413, "POST", path, b" " * (2 << 20))
            self.check(415, "POST", path, b"{}", Content_Type="text/plain")
        self.check(415, "POST", "/v1/admin/purge", b"{}", "admin", Content_Type="text/plain")
        self.check(401, "GET", "/v1/admin/stats", listener="admin", Authorization="Bearer unknown")

    def prewarm(self):
        jobs = "/v1/admin/prewarm"
        order = self.check(202, "POST", jobs, {"most_asked": 5}, "admin")
        self.check(400, "POST", jobs, {"most_asked": 0}, "admin")
        self.check(403, "POST", jobs, {"most_asked": 5}, "admin", Origin="http://elsewhere.test")
        self.check(415, "POST", jobs, b"x", "admin", Content_Type="text/plain")
        self.check(422, "POST", jobs + "?type=Malware", b"x", "admin", Content_Type="application/octet-stream")
        part = self.check(202, "POST", jobs + "?more=true&type=IpAddress&name=a.txt", b"203.0.113.10\nx\n", "admin", Content_Type="text/csv")
        self.check_below(409, "POST", jobs, part["id"], "?offset=1", b"x")
        self.check_below(202, "POST", jobs, part["id"], f"?offset={part['bytes']}", b"192.0.2.1\n")
        for status, method, job, query in ((200, "GET", part["id"], ""), (404, "GET", "0" * 16, ""), (200, "DELETE", order["id"], ""),
                                           (404, "DELETE", "0" * 16, ""), (404, "POST", "0" * 16, "?offset=0"), (400, "POST", part["id"], "")):
            self.check_below(status, method, jobs, job, query, b"x" if method == "POST" else None)
        self.check(200, "GET", jobs, listener="admin")

    def check_below(self, status: int, method: str, path: str, job: str, query: str, body: object):
        """check() for an address with an id in it."""
        API["paths"][f"{path}/{job}"] = API["paths"][path + "/{id}"]
        try:
            return self.check(status, method, f"{path}/{job}{query}", body, "admin", Content_Type="application/octet-stream")
        finally:
            del API["paths"][f"{path}/{job}"]

    def test_admin(self):
        self.outcome("ok", 200, "IpAddress", "203.0.113.10")
        self.simulator.misbehave(status=500, times=9)
        self.check(502, "GET", "/v1/card?type=IpAddress&name=192.0.2.77")
        self.simulator.behave()
        stats = self.check(200, "GET", "/v1/admin/stats", listener="admin")
        self.assertGreater(len(stats["recent_errors"]), 0)
        self.assertGreaterEqual(self.check(200, "POST", "/v1/admin/purge", {"all": True}, "admin")["purged"], 0)
        self.check(400, "POST", "/v1/admin/purge", {"everything": True}, "admin")
        self.check(403, "POST", "/v1/admin/purge", {"all": True}, "admin", Origin="http://elsewhere.test")
        for path in ("/metrics", "/v1/admin/history", "/v1/admin/history?span=day", "/v1/admin/top", "/v1/admin/audit", "/v1/admin/session",
                     "/admin/"):
            self.check(200, "GET", path, listener="admin")
        self.check(400, "GET", "/v1/admin/history?span=year", listener="admin")
        self.prewarm()
        self.check(401, "POST", "/v1/admin/login", {"token": "wrong"}, "admin")
        self.check(403, "POST", "/v1/admin/login", {"token": "wrong"}, "admin", Sec_Fetch_Site="cross-site")
        self.check(200, "POST", "/v1/admin/logout", {}, "admin")
        for file in ("main.js", "page.css", "icon.svg", "none.js"):
            status, kinds, _ = self.call("GET", f"/admin/{file}", listener="admin")
            self.assertIn(kinds["Content-Type"].split(";")[0],
                          self.resolve(API["paths"]["/admin/{file}"]["get"]["responses"][str(status)])["content"])
        self.check(200, "GET", "/v1/preview", listener="admin")
        self.check(404, "GET", "/v1/preview?sample=none", listener="admin")
        self.check(400, "GET", "/v1/preview?what=x", listener="admin")

    def test_process(self):
        for listener in self.origins:
            for path in ("/healthz", "/readyz", "/version"):
                self.check(200, "GET", path, listener=listener)
        self.assertEqual(API["info"]["version"], self.check(200, "GET", "/version")["version"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
