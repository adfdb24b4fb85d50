"""docs/extension.md: every sentence that an analyst can read is explained there, and no other.

Called by ctest with the source folder.
"""
import ast
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(sys.argv[1])
ROOMS = ("indicator", "threatconnect", "enrich", "fetch", "http/api")
# Told to others than analysts: at start, on the admin listener, to clients with bearer tokens and batches, in the log.
FILES_FOR_OTHERS = {"settings_check.cpp", "card_view.cpp", "preview_page.cpp", "preview_style.cpp", "credentials.cpp", "api.cpp",
                    "callers.cpp", "openapi.cpp", "admin_api.cpp", "prewarm_api.cpp", "prewarm_asker.cpp", "listing.cpp", "sessions.cpp", "plain_answer.cpp"}
FOR_OTHERS = {
    "The HTTP client could not be set up.", "ThreatConnect did not say which organization the credentials belong to.",
    "The parameters are", "The parameters may stand once each.", "The parameters type and name are needed.",
    "A parameter is not percent-encoded correctly.", "A batch holds at most", "A batch needs at least one entity.",
    "the request asked not to go to ThreatConnect.", "Held by", "explain must be criteria.",
    "sample stands alone.", "This service runs without ThreatConnect.", "more must be true or false.", "offset must be a whole number.",
    # Outcomes for which Recorded Future has words of its own.
    "Enter your ThreatConnect API ID, API secret and base URL in the extension's settings.", "ThreatConnect refused the credentials",
    "ThreatConnect cards exist for IpAddress, InternetDomainName, URL, Hash and EmailAddress only.",
    "This service has no ThreatConnect credentials of its own; send yours, or ask its operator to set them.",
    "ThreatConnect refused this service's own credentials; tell its operator.",
    "ThreatConnect refused these credentials a moment ago; correct them, or ask again in half a minute.",
    "The ThreatConnect API ID, secret or token is longer than any such key; copy it again.",
    "The ThreatConnect API ID, secret or token holds characters that no such key has; copy it again.",
}
ONE_LITERAL = r'"(?:[^"\\\n]|\\.)*"'


def literals(text: str) -> list[str]:
    """Of C++ code without comments; those that stand side by side are one."""
    text = re.sub(r"//[^\n]*|#include[^\n]*", "", re.sub(r'R"\((.*?)\)"', "", text, flags=re.DOTALL))
    return ["".join(ast.literal_eval(one) for one in re.findall(ONE_LITERAL, run[0]))
            for run in re.finditer(rf"{ONE_LITERAL}(?:\s*{ONE_LITERAL})*", text)]


def is_sentence(text: str) -> bool:
    """Or its beginning or end, with at least three words."""
    return text.strip().count(" ") >= 2 and "\r\n" not in text and bool(re.match(r'"?[A-Z]', text) or re.search(r"[a-z]\.$", text))


def all_literals(room: str) -> set[str]:
    return {text.strip() for path in sorted((SOURCE / "src" / room).rglob("*.cpp")) if path.name not in FILES_FOR_OTHERS
            for text in literals(path.read_text(encoding="utf-8"))}


def told_by(room: str) -> set[str]:
    return {text for text in all_literals(room) if is_sentence(text)} - FOR_OTHERS


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        manual = (SOURCE / "docs/extension.md").read_text(encoding="utf-8")
        _, readable, cls.indicator, cls.others = re.split(r"^##+ (?:What an analyst reads|Sentences about .*)$", manual, flags=re.MULTILINE)
        cls.of_the_extension = readable
        cls.sentences = re.findall(r"\*([^*\n]+)\*", cls.others)

    def test_sentences_about_the_indicator(self):
        beginnings = re.findall(r"\*([^*\n]+)\*", self.indicator)
        told = {text for text in told_by("indicator") if re.match("[A-Z]", text)}
        self.assertGreater(len(told), 50)
        for text in told:
            self.assertTrue(text.startswith(tuple(beginnings)), text)
        for beginning in beginnings:
            self.assertTrue(any(text.startswith(beginning) for text in told), beginning)

    def test_other_sentences(self):
        told = set().union(*(told_by(room) for room in ROOMS[1:]))
        self.assertGreater(len(told), 40)
        for text in sorted(told):
            with self.subTest(text):
                self.assertTrue(any(text in sentence for sentence in self.sentences), "is not explained")
        known = {text for room in ROOMS[1:] for text in all_literals(room) if len(text) >= 10}
        for sentence in self.sentences:
            with self.subTest(sentence):
                self.assertTrue(any(text in sentence or sentence in text for text in known), "is explained and never told")

    def test_sentences_of_the_extension_itself(self):
        program = ast.parse((SOURCE / "config/extension/threatconnect.py").read_text(encoding="utf-8"))
        table = next(node.value for node in program.body
                     if isinstance(node, ast.Assign) and node.targets[0].id == "SENTENCES")
        self.assertEqual(len(table.elts), 4)
        for row in table.elts:
            self.assertIn(f"| *{ast.literal_eval(row.elts[1])}* |", self.of_the_extension)
        refusal = "This service needs its shared secret in X-Cardstock-Secret."
        self.assertIn(f'"{refusal}"', (SOURCE / "src/http/api/api.cpp").read_text(encoding="utf-8"))
        self.assertIn(f"| *{refusal}* |", self.of_the_extension)

    def test_where_was_looked(self):
        code = (SOURCE / "src/card/card.cpp").read_text(encoding="utf-8")
        example = re.search(r"\*evil\.example: ([^*]*)\*", self.of_the_extension)[1]
        for part in ("None of the ", " owners visible to these credentials holds", " this indicator, inactive copies included."):
            self.assertIn(f'"{part}"', code)
            self.assertIn(part, example)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
