"""docs/behaviour.md names only tests that exist, and misses none of its rows.

Called by ctest with the source folder.
"""
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(sys.argv[1])
LITERAL = r'"((?:[^"\\]|\\.)*)"'
ROWS = [f"L{n}" for n in range(1, 17)] + [f"C{n}" for n in (1, 2, 3, 6, 7, 8, 12)] + [f"R{n}" for n in range(1, 8)]


def names_of_tests() -> set[str]:
    """Long names are split over several literals."""
    names = set()
    for path in (SOURCE / "tests").rglob("*_test.cpp"):
        for case in re.finditer(rf"TEST_CASE\(\s*((?:{LITERAL}\s*)+)", path.read_text(encoding="utf-8")):
            names.add("".join(re.findall(LITERAL, case[1])))
    return names


class Behaviour(unittest.TestCase):
    def test_every_row_names_tests_that_exist(self):
        tests = names_of_tests()
        rows = {}
        for line in (SOURCE / "docs/behaviour.md").read_text(encoding="utf-8").splitlines():
            cells = line.split(" | ")
            if len(cells) == 3 and not line.startswith("| try"):
                rows[cells[0].lstrip("| ").split(":")[0]] = re.findall("`([^`]+)`", cells[2])
        self.assertEqual([row for row in ROWS if not rows.get(row)], [])
        self.assertEqual([name for named in rows.values() for name in named if name not in tests], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
