"""scripts/package-extension: what it packs, and what it refuses.

Called by ctest with the source folder and the program cardstock.
"""
import ast
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zlib
from unittest import mock

SOURCE = pathlib.Path(sys.argv[1])
PROGRAM = sys.argv[2]
URL = "https://cards.example.com/tc"


def load_script():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("package_extension", str(SOURCE / "scripts/package-extension"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


SCRIPT = load_script()


def png(width: int, height: int, comment: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"tEXt", b"Comment\0" + comment) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def jpeg(width: int, height: int) -> bytes:
    """As much of one as names its size."""
    return (b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9) +
            b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, height, width, 1) + bytes(16))


class Packaging(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.folder = self.work / "extension"
        shutil.copytree(SOURCE / "config/extension", self.folder)
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
        self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
        self.assertFalse(self.output.exists())

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
                    "https://cards.example.com?x", "https://cards.example.com/#x", "https://cards.example.com:99999",
                    'https://cards.example.com"', "https://cards.example.com//x", "cards.example.com", ""):
            with self.subTest(url):
                self.assert_refused("--service-url", url=url)

    def test_files_in_folders(self):
        (self.folder / "sub").mkdir()
        shutil.copy(self.folder / "logo_full.png", self.folder / "sub/logo.png")
        for name in ("sub/logo.png", "../extension/logo_full.png", "sub\\logo.png", ".", "..", ".hidden"):
            with self.subTest(name):
                self.change("extension.json", lambda d, name=name: d.update(logo_full=name))
                self.assert_refused("no folders")

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

    def test_logos_up_to_the_limit(self):
        (self.folder / "logo_full.png").write_bytes(png(300, 70))
        (self.folder / "logo_thumbnail.png").write_bytes(jpeg(300, 30))
        self.pack()

    def test_logos_too_large(self):
        for name, data, why in (("logo_full.png", png(301, 70), "301x70 pixels"),
                                ("logo_full.png", png(300, 71), "300x71 pixels"),
                                ("logo_full.png", jpeg(10, 71), "10x71 pixels"),
                                ("logo_thumbnail.png", png(300, 31), "300x31 pixels"),
                                ("logo_thumbnail.png", png(10, 10, b"x" * 50_000), "at most 50000"),
                                ("logo_full.png", b"<svg/>", "neither PNG nor JPEG"),
                                ("logo_full.png", b"\xff\xd8\xff\xe0", "neither PNG nor JPEG"),
                                ("logo_full.png", b"", "neither PNG nor JPEG")):
            with self.subTest(why):
                kept = (self.folder / name).read_bytes()
                (self.folder / name).write_bytes(data)
                self.assert_refused(why)
                (self.folder / name).write_bytes(kept)

    def test_json_that_is_not_strict(self):
        for name in ("extension.json", "metadata.json"):
            path = self.folder / name
            text = path.read_text(encoding="utf-8").rstrip()
            for bad in (text[:-1] + ",}", text + "{}", "// note\n" + text, "\ufeff" + text, text.replace('"', "'"),
                        '{"entries":NaN}', text[:-1] + ',"name":1,"name":1}', "", "[" * 100_000):
                with self.subTest(name + bad[:20]):
                    path.write_text(bad, encoding="utf-8")
                    self.assert_refused(name)
            path.write_bytes(b'{"name":"\xff"}')
            self.assert_refused(name)
            path.write_text(text, encoding="utf-8")

    def test_manifests_that_would_be_rejected(self):
        for change, why in (({"name": "two words"}, "one word"), ({"title": ""}, "title must be text"),
                            ({"description": "No date"}, "date of the last update"), ({"auto_run": "yes"}, "auto_run"),
                            ({"supported_types": {"Malware": "x"}}, "no cards for Malware"),
                            ({"supported_types": {"URL": 1}}, "supported_types.URL"), ({"extra": 1}, "unknown: extra"),
                            ({"authentication_fields": [{"key": "base_url"}]}, "authentication field"),
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

    def test_the_committed_metadata_is_the_programs(self):
        printed = subprocess.run([PROGRAM, "metadata"], capture_output=True, check=True).stdout
        self.assertEqual((SOURCE / "config/extension/metadata.json").read_bytes(), printed,
                         "write it anew: cardstock metadata > config/extension/metadata.json")

    def test_every_sentence_of_the_program_is_explained(self):
        program = ast.parse((SOURCE / "config/extension/threatconnect.py").read_text(encoding="utf-8"))
        table = next(node.value for node in program.body
                     if isinstance(node, ast.Assign) and node.targets[0].id == "SENTENCES")
        manual = (SOURCE / "docs/extension.md").read_text(encoding="utf-8")
        self.assertEqual(len(table.elts), 4)
        for row in table.elts:
            self.assertIn(f"| *{ast.literal_eval(row.elts[1])}* |", manual)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
