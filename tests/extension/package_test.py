"""scripts/package-extension: what it packs, and what it refuses.

Called by ctest with the source folder and the program cardstock.
"""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from unittest import mock

SOURCE = pathlib.Path(sys.argv[1])
PROGRAM = sys.argv[2]
URL = "https://cards.example.com/tc"


def load_script():
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(SOURCE / "scripts"))
    loader = importlib.machinery.SourceFileLoader("package_extension", str(SOURCE / "scripts/package-extension"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


SCRIPT = load_script()


class Packaging(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.folder = self.work / "extension"
        shutil.copytree(SOURCE / "config/extension", self.folder)
        (self.work / "out").mkdir()
        self.output = self.work / "out" / "card.tgz"

    def run_script(self, *options, url=URL, program=PROGRAM):
        """In this process: starting Python a hundred times takes a minute."""
        arguments = ["package-extension", "--service-url", url, "--from", self.folder, "--output", self.output, *options]
        out, err = io.StringIO(), io.StringIO()
        with (mock.patch.object(sys, "argv", list(map(str, arguments))), mock.patch.dict(os.environ, CARDSTOCK=program),
              contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)):
            code = SCRIPT.main()
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def pack(self, *options, **more) -> bytes:
        ended = self.run_script(*options, **more)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return self.output.read_bytes()

    def assert_refused(self, why: str, *options, **more):
        ended = self.run_script(*options, **more)
        self.assertEqual(ended.returncode, 1, ended.stdout + ended.stderr)
        self.assertIn(why, ended.stderr)
        self.assertRegex(ended.stderr, r"\Ascripts/package-extension: [ -~]{1,480}\n\Z")
        self.assertNotRegex(ended.stderr, r"Traceback|Error\b|Errno")
        self.assertEqual(list((self.work / "out").iterdir()), [], "something was left behind")

    def change(self, name: str, adjust):
        path = self.folder / name
        document = json.loads(path.read_text(encoding="utf-8"))
        adjust(document)
        path.write_text(json.dumps(document), encoding="utf-8")

    def file_in_package(self, name: str) -> bytes:
        with tarfile.open(self.output) as archive:
            return archive.extractfile(name).read()

    def test_flat_and_complete(self):
        self.pack()
        with tarfile.open(self.output) as archive:
            entries = archive.getmembers()
        self.assertEqual([entry.name for entry in entries],
                         ["extension.json", "logo_full.png", "logo_thumbnail.png", "metadata.json", "threatconnect.py"])
        self.assertTrue(all(entry.isfile() and entry.mtime == 0 and entry.uname == "" for entry in entries))

    def test_as_a_command(self):
        ended = subprocess.run([SOURCE / "scripts/package-extension", "--service-url", URL, "--output", self.output],
                               env={**os.environ, "CARDSTOCK": PROGRAM}, capture_output=True, text=True, check=False)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertRegex(ended.stdout, rf"^{self.output}: 5 files, \d+ bytes, asks {URL}\n$")

    def test_the_same_input_gives_the_same_bytes(self):
        first = self.pack()
        for path in self.folder.iterdir():
            os.utime(path, (1, 1))
            path.chmod(0o600)
        self.assertEqual(self.pack(), first)
        self.assertEqual(first[4:8], bytes(4), "the time in gzip's header")

    def test_the_address_is_set(self):
        self.pack(url=URL + "/")
        program = self.file_in_package("threatconnect.py").decode("utf-8")
        self.assertIn(f'SERVICE = "{URL}"', program)
        self.assertIn('SECRET = ""', program)

    def test_the_shared_secret_is_set_and_kept_from_others(self):
        secret = self.work / "secret"
        secret.write_text("correct-horse+battery/staple=\n", encoding="ascii")
        ended = self.run_script("--shared-secret-file", secret)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn(b'SECRET = "correct-horse+battery/staple="', self.file_in_package("threatconnect.py"))
        self.assertNotIn("correct-horse", ended.stdout + ended.stderr)
        self.assertEqual(self.output.stat().st_mode & 0o777, 0o600)

    def test_a_shared_secret_that_cannot_stand_in_the_program(self):
        secret = self.work / "secret"
        for text in ('quote"s', "back\\slash", "two words", "", "two\nlines", "ümlaut"):
            secret.write_text(text, encoding="utf-8")
            self.assert_refused("--shared-secret-file", "--shared-secret-file", secret)
        self.assert_refused("cannot read", "--shared-secret-file", self.work / "none")

    def test_addresses_that_are_no_service(self):
        for url in ("http://cards.example.com", "https://", "https://192.0.2.1", "https://[::1]", "https://a@b.example",
                    "https://user:secret@cards.example.com", "https://cards.example.com?x", "https://cards.example.com/#x",
                    "https://cards.example.com:99999", "https://cards.example.com:0", "https://cards.example.com:x",
                    'https://cards.example.com"', "https://cards.example.com'", 'https://a.example"\nimport os#',
                    "https://cards.example.com\n", "https://cards.example.com\\", "https://cards.example.com/a b",
                    "https://cards.example.com/v1/card", "https://cards.example.com/tc/v1/card/",
                    "https://cards.example.com//x", "https://cards.example.com/../x", "https://cards.example.com/.",
                    "https://cards..example.com", "https://cards.example.com.", "https://-cards.example.com",
                    "https://c\u00e4rds.example.com", "https://127.1", "https://1.example.0x7f", "https://" + "a" * 64 + ".example",
                    "https://a.example/" + "x" * 2000, "ftp://cards.example.com", "//cards.example.com", "cards.example.com",
                    "javascript:alert", "https:cards.example.com", "https:///x", "https://:443", ""):
            with self.subTest(url[:60]):
                self.assert_refused("--service-url", url=url)

    def test_addresses_in_one_spelling(self):
        for url, asked in (("HTTPS://Cards.Example.Com:443/TC//"[:-1], "https://cards.example.com/TC"),
                           ("https://localhost:8443", "https://localhost:8443"), ("https://a.example:/", "https://a.example")):
            self.pack(url=url)
            self.assertIn(f'SERVICE = "{asked}"', self.file_in_package("threatconnect.py").decode("ascii"))

    def test_files_in_folders(self):
        (self.work / "sub").mkdir()
        shutil.copy(self.folder / "logo_full.png", self.work / "sub/logo.png")
        for name in ("../sub/logo.png", "sub/logo.png", "../extension/logo_full.png", "/etc/passwd", "sub\\logo.png", ".", "..",
                     ".hidden", "a\nb.png"):
            for key in ("source", "metadata", "logo_full", "logo_thumbnail"):
                with self.subTest(key + name):
                    kept = (self.folder / "extension.json").read_bytes()
                    self.change("extension.json", lambda d, key=key, name=name: d.update({key: name}))
                    self.assert_refused("no folders")
                    (self.folder / "extension.json").write_bytes(kept)

    def test_folders_beside_the_files(self):
        for name in ("lib", "__pycache__"):
            with self.subTest(name):
                (self.folder / name).mkdir()
                self.assert_refused(f"holds the folder {name}")
                (self.folder / name).rmdir()

    def test_names_that_are_too_long_or_end_strangely(self):
        long = "x" * 200
        for changed, why in (({"name": long}, "name has more than 64"), ({"source": long + ".py"}, "more than 64"),
                             ({"logo_full": long + ".png"}, "more than 64"), ({"libs": ["y" * 5000 + ".py"]}, "more than 64"),
                             ({"source": "threatconnect.pyc"}, "must end with .py"), ({"metadata": "metadata.py"}, ".json"),
                             ({"logo_full": "logo.svg"}, "must end with .png or .jpg"), ({"libs": ["more.txt"]}, ".py")):
            with self.subTest(str(changed)[:40]):
                kept = (self.folder / "extension.json").read_bytes()
                self.change("extension.json", lambda d, changed=changed: d.update(changed))
                self.assert_refused(why)
                (self.folder / "extension.json").write_bytes(kept)

    def test_one_file_for_two_errands(self):
        for changed in ({"metadata": "extension.json"}, {"libs": ["threatconnect.py"]}, {"logo_full": "logo_thumbnail.png"}):
            with self.subTest(str(changed)):
                kept = (self.folder / "extension.json").read_bytes()
                self.change("extension.json", lambda d, changed=changed: d.update(changed))
                self.assert_refused("is named twice")
                (self.folder / "extension.json").write_bytes(kept)

    def test_files_without_end(self):
        for name in ("extension.json", "threatconnect.py", "metadata.json", "logo_full.png"):
            with self.subTest(name):
                kept = (self.folder / name).read_bytes()
                (self.folder / name).write_bytes(kept + b" " * 1024 * 1024)
                self.assert_refused(f"{name}: more than 1048576 bytes")
                (self.folder / name).write_bytes(kept)
        self.assert_refused("at most 4096", "--shared-secret-file", "/dev/zero")

    def test_files_in_folders_among_the_libraries(self):
        self.change("extension.json", lambda d: d.update(libs=["lib/more.py"]))
        self.assert_refused("no folders")

    def test_libraries_are_packed(self):
        (self.folder / "more.py").write_text("ONE = 1\n", encoding="utf-8")
        self.change("extension.json", lambda d: d.update(libs=["more.py"]))
        self.pack()
        self.assertEqual(self.file_in_package("more.py"), b"ONE = 1\n")

    def test_missing_files(self):
        for name in ("extension.json", "threatconnect.py", "metadata.json", "logo_full.png", "logo_thumbnail.png"):
            with self.subTest(name):
                moved = (self.folder / name).rename(self.work / name)
                self.assert_refused(f"the file {name} is missing")
                moved.rename(self.folder / name)

    def test_logos_that_are_not_taken(self):
        for name, data, why in (("logo_full.png", b"<svg/>", "logo_full.png: neither PNG nor JPEG"),
                                ("logo_thumbnail.png", (self.folder / "logo_full.png").read_bytes(),
                                 "logo_thumbnail.png: 300x70 pixels, but at most 300x30 are taken")):
            with self.subTest(name):
                kept = (self.folder / name).read_bytes()
                (self.folder / name).write_bytes(data)
                self.assert_refused(why)
                (self.folder / name).write_bytes(kept)

    def test_programs_that_jython_would_not_run(self):
        path = self.folder / "threatconnect.py"
        good = path.read_text(encoding="ascii")
        lines = good.count("\n")
        for more, why in (("def broken(:\n", f"line {lines + 1} does not compile"), ("print 'x'\n", "does not compile"),
                          ("x = f'{good}'\n", "no Python 2.7"), ("x: int = 1\n", "no Python 2.7"),
                          ("def f(a: int): pass\n", "no Python 2.7"), ("def f() -> int: pass\n", "no Python 2.7"),
                          ("def f(*, a): pass\n", "no Python 2.7"), ("async def f(): pass\n", "no Python 2.7"),
                          ("def f():\n    raise A() from None\n", "no Python 2.7"), ("x = (y := 1)\n", "no Python 2.7"),
                          ("class A(metaclass=B): pass\n", "no Python 2.7"), ("# \u00fc\n", "ASCII"), ("\0", "does not compile"),
                          ("x = " + "(" * 5000 + ")" * 5000 + "\n", "does not compile"), ("import more\n", "imports more.py"),
                          ("from more.inner import x\n", "imports more.py"), ("from . import more\n", "imports from a package"),
                          ("print(1, file=sys.stderr)\n", f"line {lines + 1} is no Python 2.7"), ("a, *b = (1, 2, 3)\n", "no Python 2.7"),
                          ("N = 1_000\n", "no Python 2.7"), ("x = {**{}}\n", "no Python 2.7"), ("x = [*(1, 2)]\n", "no Python 2.7"),
                          ("x = f(*a, *b)\n", "no Python 2.7"), ("x = f(**a, **b)\n", "no Python 2.7"), ("def g():\n    yield 1\n    return 2\n", "no Python 2.7"),
                          ('x = rb"x"\n', "no Python 2.7"), ("x = ...\n", "no Python 2.7"),
                          ("a @= 2\n", f"line {lines + 1} is no Python 2.7"), ("x = a @ b\n", "no Python 2.7"),
                          ('exec("x = 1")\n', "cannot be checked"), ('__import__("ssl")\n', "cannot be checked"),
                          ("import importlib\n", "cannot be checked")):
            with self.subTest(more[:30]):
                (self.folder / "more.py").write_text("ONE = 1\n", encoding="utf-8")
                path.write_text(good + more, encoding="utf-8")
                self.assert_refused(why)
        path.write_text(good.replace("def request(", "def answer("), encoding="utf-8")
        self.assert_refused("no function named request")

    def test_programs_that_do_not_check_certificates(self):
        path = self.folder / "threatconnect.py"
        good = path.read_text(encoding="ascii")
        for more in ("TRUST = ssl._create_unverified_context()\n", "TRUST.verify_mode = ssl.CERT_NONE\n",
                     "TRUST.check_hostname = False\n", 'setattr(TRUST, "check_hostname", False)\n',
                     "ssl._create_default_https_context = None\n", "TRUST = ssl.SSLContext(ssl.PROTOCOL_SSLv23)\n",
                     "ssl.wrap_socket(None)\n", "from ssl import CERT_NONE as C\n"):
            with self.subTest(more.strip()):
                path.write_text(good + more, encoding="ascii")
                self.assert_refused("the checking of certificates stays as it is")
                path.write_text(good, encoding="ascii")
                (self.folder / "more.py").write_text("import ssl\nTRUST = ssl.create_default_context()\n" + more, encoding="ascii")
                self.change("extension.json", lambda d: d.update(libs=["more.py"]))
                self.assert_refused("more.py: ")
                self.change("extension.json", lambda d: d.update(libs=[]))
        path.write_text(good.replace("ssl.match_hostname(", "str("), encoding="ascii")
        self.assert_refused("ssl.match_hostname")

    def test_libraries_that_do_not_compile(self):
        (self.folder / "more.py").write_text("ONE = \n", encoding="utf-8")
        self.change("extension.json", lambda d: d.update(libs=["more.py"]))
        self.assert_refused("more.py: line 1 does not compile")

    def test_outputs_that_cannot_be_written(self):
        (self.work / "taken.tgz").mkdir()
        secret = self.work / "secret"
        secret.write_text("correct-horse\n", encoding="ascii")
        for output, why in ((self.work / "none" / "card.tgz", "there is no folder"), (self.work / "taken.tgz", "taken.tgz"),
                            (self.folder / "threatconnect.py", "must end with .tgz"), (self.work / ".tgz", "must end with .tgz"),
                            (self.work / ("x" * 300 + ".tgz"), "too long"),
                            (self.work / "secret" / "card.tgz", "there is no folder")):
            with self.subTest(why):
                before = sorted(self.work.rglob("*"))
                self.assert_refused(why, "--output", output, "--shared-secret-file", secret)
                self.assertEqual(sorted(self.work.rglob("*")), before)

    def test_nothing_is_left_when_the_writing_fails(self):
        for fault in (OSError(28, "No space left on device", "card.tgz"), KeyboardInterrupt()):
            with self.subTest(type(fault).__name__), mock.patch.object(SCRIPT.os, "replace", side_effect=fault):
                self.assert_refused("No space left" if isinstance(fault, OSError) else "interrupted")

    def test_an_older_package_stays_when_a_new_one_is_refused(self):
        first = self.pack()
        (self.folder / "metadata.json").write_text("{}", encoding="utf-8")
        self.assertEqual(self.run_script().returncode, 1)
        self.assertEqual(self.output.read_bytes(), first)

    def test_json_that_is_not_strict(self):
        for name in ("extension.json", "metadata.json"):
            path = self.folder / name
            text = path.read_text(encoding="utf-8").rstrip()
            for bad in (text[:-1] + ",}", text + "{}", "// note\n" + text, "\ufeff" + text, text.replace('"', "'"),
                        '{"entries":NaN}', '{"entries":-Infinity}', '{"entries":1e999}', '{"entries":[-1e999]}',
                        '{"entries":' + "9" * 5000 + "}", text[:-1] + ',"name":1,"name":1}', text[:-1] + ',"a":{"b":1,"b":1}}',
                        "", "[" * 100_000, '{"\\ud800\\n":1}', "[]", "null", "5"):
                with self.subTest(name + bad[:20]):
                    path.write_text(bad, encoding="utf-8")
                    self.assert_refused(name)
            path.write_bytes(b'{"name":"\xff"}')
            self.assert_refused(name)
            path.write_text(text, encoding="utf-8")

    def test_an_acl_is_taken(self):
        self.change("extension.json", lambda d: d.update(acl={"read": {"user": ["user:role-module-threat-intelligence"]}}))
        self.pack()

    def test_manifests_that_would_be_rejected(self):
        manifest = json.loads((self.folder / "extension.json").read_text(encoding="utf-8"))
        fields = manifest["authentication_fields"]
        four = {kind: text for kind, text in manifest["supported_types"].items() if kind != "URL"}
        for change, why in (({"name": "two words"}, "one word"), ({"title": ""}, "title must be text"),
                            ({"description": "No date"}, "date of the last update"), ({"auto_run": "yes"}, "auto_run"),
                            ({"supported_types": {"Malware": "x"}}, "no cards for Malware"),
                            ({"supported_types": {"URL": 1}}, "supported_types.URL"), ({"extra": 1}, "unknown: extra"),
                            ({"description": "2026-02-30"}, "date of the last update"),
                            ({"description": "Today 2026-02-20\n"}, "date of the last update"),
                            ({"authentication_fields": [{"key": "base_url"}]}, "authentication field"),
                            ({"authentication_fields": []}, "each once"), ({"authentication_fields": {}}, "array"),
                            ({"authentication_fields": fields[:2]}, "each once"), ({"authentication_fields": fields * 2}, "each once"),
                            ({"authentication_fields": [*fields, {**fields[0], "key": "more"}]}, "each once"),
                            ({"authentication_fields": [*fields[:2], {**fields[2], "type": "html"}]}, "but password"),
                            ({"authentication_fields": [5]}, "authentication field"), ({"supported_types": []}, "supported_types"),
                            ({"supported_types": {}}, "leaves out EmailAddress, Hash"), ({"supported_types": four}, "leaves out URL"),
                            ({"acl": 5}, "acl"), ({"acl": {}}, "acl"), ({"acl": {"read": []}}, "acl"),
                            ({"acl": {"read": {"user": "x"}}}, "acl"), ({"acl": {"read": {"user": [1]}}}, "acl"),
                            ({"libs": [5]}, "libs"), ({"libs": [["more.py"]]}, "libs"), ({"source": ["threatconnect.py"]}, "source"),
                            ({"libs": "more.py"}, "libs")):
            with self.subTest(why):
                kept = (self.folder / "extension.json").read_bytes()
                self.change("extension.json", lambda d, change=change: d.update(change))
                self.assert_refused(why)
                (self.folder / "extension.json").write_bytes(kept)
        self.change("extension.json", lambda d: d.pop("auto_run"))
        self.assert_refused("missing: auto_run")

    def test_every_key_of_a_card_must_be_declared(self):
        whole = (self.folder / "metadata.json").read_bytes()
        metadata = json.loads(whole)
        for at, entry in enumerate(metadata["entries"]):
            with self.subTest(entry["key"]):
                self.change("metadata.json", lambda d, at=at: d["entries"].pop(at))
                self.assert_refused(f"a card can hold {entry['key']}")
                (self.folder / "metadata.json").write_bytes(whole)
            for inner, field in enumerate(entry.get("item", {}).get("entries", [])):
                with self.subTest(entry["key"] + "." + field["key"]):
                    self.change("metadata.json", lambda d, at=at, inner=inner: d["entries"][at]["item"]["entries"].pop(inner))
                    self.assert_refused(f"a card can hold {entry['key']}[].{field['key']}")
                    (self.folder / "metadata.json").write_bytes(whole)

    def test_a_key_declared_with_another_type(self):
        self.change("metadata.json", lambda d: d["entries"][0].update(type="link"))
        self.assert_refused("a card can hold owner_name (text)")

    def test_own_labels_and_further_keys_are_taken(self):
        def adjust(document):
            document["entries"].reverse()
            document["entries"][0]["label"] = "Anmerkungen"
            document["entries"].append({"key": "more", "label": "More", "type": "dict",
                                        "entries": [{"key": "address", "label": "Address", "type": "IpAddress"}]})
        self.change("metadata.json", adjust)
        self.pack()

    def test_metadata_that_is_not_well_formed(self):
        for entry in ({"key": "x"}, {"key": "x", "label": "X", "type": "html"}, {"label": "X", "type": "text"},
                      {"key": "x", "label": "X", "type": "list"}, {"key": "x", "label": "X", "type": "dict"},
                      {"key": "x", "label": "X", "type": "list", "item": {"type": "list"}},
                      {"key": "x", "label": "X", "type": []}, {"key": "x", "label": "X", "type": "list", "item": {"type": {}}},
                      {"key": "x", "label": "X", "type": "list", "item": {"type": "text", "html": True}},
                      {"key": "x y", "label": "X", "type": "text"}, {"key": "x", "label": " ", "type": "text"},
                      {"key": "x", "label": "X", "type": "text", "collapse": True}, {"key": "x", "label": "X", "type": "text", "entries": []},
                      {"key": "x", "label": "X", "type": "dict", "entries": [{"key": "y", "label": "Y", "type": "text"}], "collapse": 1},
                      {"key": "owner_name", "label": "X", "type": "text"}, "x"):
            with self.subTest(str(entry)):
                kept = (self.folder / "metadata.json").read_bytes()
                self.change("metadata.json", lambda d, entry=entry: d["entries"].append(entry))
                self.assert_refused("metadata.json")
                (self.folder / "metadata.json").write_bytes(kept)

    def test_a_program_whose_address_was_set_by_hand(self):
        path = self.folder / "threatconnect.py"
        path.write_text(path.read_text(encoding="utf-8").replace("@SERVICE_URL@", "https://other.example"), encoding="utf-8")
        self.assert_refused("must hold @SERVICE_URL@ once")

    def test_without_the_program(self):
        self.assert_refused("the program cardstock is not found", program=str(self.work / "none"))
        self.assert_refused("Permission denied", program=str(self.work))

    def test_a_program_that_is_another(self):
        other = self.work / "other"
        for text, why in (("#!/bin/sh\nexit 3\n", "metadata failed"), ("#!/bin/sh\necho hello\n", "cardstock metadata: not strict"),
                          ("#!/bin/sh\necho '{\"entries\":[]}'\n", "holds something"), ("junk", "Exec format")):
            with self.subTest(why):
                other.write_text(text, encoding="ascii")
                other.chmod(0o755)
                self.assert_refused(why, program=str(other))
        other.write_text("#!/bin/sh\nexec sleep 60\n", encoding="ascii")
        with mock.patch.object(SCRIPT, "METADATA_SECONDS", 0.1):
            self.assert_refused("did not end within", program=str(other))

    def test_the_committed_metadata_is_the_programs(self):
        printed = subprocess.run([PROGRAM, "metadata"], capture_output=True, check=True).stdout
        self.assertEqual((SOURCE / "config/extension/metadata.json").read_bytes(), printed,
                         "write it anew: cardstock metadata > config/extension/metadata.json")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
