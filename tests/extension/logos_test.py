"""scripts/extension_logos.py: which images are taken as logos.

Called by ctest with the source folder.
"""
import pathlib
import random
import struct
import sys
import unittest
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "scripts"))
from extension_logos import check_logo  # noqa: E402

FULL = (300, 70)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, comment: bytes = b"", colour: int = 0, interlaced: int = 0,
        rows: bytes | None = None) -> bytes:
    if rows is None:
        rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlaced)) +
            chunk(b"tEXt", b"Comment\0" + comment) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def jpeg(width: int, height: int, end: bytes = b"pixels\xff\xd9") -> bytes:
    """The frame of one."""
    return (b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9) +
            b"\xff\xff\xc0" + struct.pack(">HBHHB4x", 12, 8, height, width, 1) + b"\xff\xda\0\x03\0" + end)


class Logos(unittest.TestCase):
    def assert_refused(self, data: bytes, why: str):
        told = check_logo(data, FULL)
        self.assertIsNotNone(told)
        self.assertIn(why, told)

    def test_up_to_the_limit(self):
        for data in (png(300, 70), png(1, 1), jpeg(300, 70)):
            self.assertIsNone(check_logo(data, FULL))
        whole = png(10, 10)
        comment = b"x" * (50_000 - len(whole))
        self.assertEqual(len(png(10, 10, comment)), 50_000)
        self.assertIsNone(check_logo(png(10, 10, comment), FULL))

    def test_too_large(self):
        for data, why in ((png(301, 70), "301x70 pixels, but at most 300x70 are taken"), (png(300, 71), "300x71 pixels"),
                          (jpeg(10, 71), "10x71 pixels"), (jpeg(301, 7), "301x7 pixels"),
                          (png(10, 10, b"x" * 50_000), "but at most 50000 are taken")):
            with self.subTest(why):
                self.assert_refused(data, why)

    def test_other_files(self):
        for data in (b"", b"<svg/>", b"GIF89a", b"\x89PNG\n", b"\xff\xd8"):
            with self.subTest(data):
                self.assert_refused(data, "neither PNG nor JPEG")

    def test_not_whole(self):
        good = png(20, 10)
        for data, why in ((png(0, 0), "0x0 pixels"), (png(20, 0), "20x0 pixels"), (jpeg(0, 10), "0x10 pixels"),
                          (good[:-12], "too early"), (good[:-1], "too early"), (good[:40], "too early"),
                          (good[:8], "too early"), (good + b"x", "something follows"),
                          (good[:60] + b"?" + good[61:], "checksum"),
                          (png(20, 10, rows=b"\0" * 209), "as many pixels"), (png(20, 10, rows=b"\0" * 211), "as many pixels"),
                          (png(20, 10, rows=bytes(10_000_000)), "as many pixels"),
                          (png(20, 10, interlaced=1), "as many pixels"), (png(20, 10, colour=3), "palette"),
                          (png(20, 10, colour=5), "does not exist"), (png(20, 10, interlaced=2), "does not exist"),
                          (good[:8] + chunk(b"IEND", b""), "begin with its size"),
                          (good[:33] + chunk(b"IDAT", b"junk") + chunk(b"IEND", b""), "cannot be unpacked"),
                          (b"\xff\xd8\xff\xe0", "too early"), (jpeg(20, 10, b""), "too early"),
                          (jpeg(20, 10, b"pixels"), "too early"), (b"\xff\xd8\xff\xe0\0\x02junk", "begin where it should"),
                          (b"\xff\xd8\xff\xe0\0\0\xff\xd9", "without its length"),
                          (b"\xff\xd8\xff\xda\0\x02pixels\xff\xd9", "does not say its size")):
            with self.subTest(why):
                self.assert_refused(data, why)

    def test_interlaced(self):
        passes = ((1, 1), (1, 1), (2, 0), (1, 1), (3, 1), (2, 2), (5, 1))  # columns and rows of 5x3: RFC 2083, 2.6
        rows = b"".join(bytes(1 + columns) * rows for columns, rows in passes)
        self.assertIsNone(check_logo(png(5, 3, interlaced=1, rows=rows), FULL))

    def test_whatever_is_damaged_is_refused_in_a_sentence(self):
        chance = random.Random(7)
        for whole in (png(20, 10), jpeg(20, 10)):
            for end in range(len(whole)):
                self.assertIsInstance(check_logo(whole[:end], FULL), str)
            for _ in range(500):
                bent = bytearray(whole)
                bent[chance.randrange(len(bent))] ^= 1 << chance.randrange(8)
                told = check_logo(bytes(bent), FULL)
                self.assertTrue(told is not None or whole[:2] == b"\xff\xd8", "a PNG has a checksum over every byte")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
