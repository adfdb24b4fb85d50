"""Whether a logo of the Recorded Future extension is a whole PNG or JPEG of a size that is taken."""
from __future__ import annotations

import struct
import zlib

MAX_LOGO_BYTES = 50_000
PNG_START = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel, by colour type
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
JPEG_SIZES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers of frames, which say how large the image is


class Broken(Exception):
    """What is wrong with the bytes of an image."""


def check_logo(data: bytes, most: tuple[int, int]) -> str | None:
    """Why the logo is not taken; None when it is. `most`: pixels, width and height."""
    if len(data) > MAX_LOGO_BYTES:
        return f"{len(data)} bytes, but at most {MAX_LOGO_BYTES} are taken"
    try:
        if data.startswith(PNG_START):
            check_png(data, most)
        elif data.startswith(b"\xff\xd8\xff"):
            check_jpeg(data, most)
        else:
            return "neither PNG nor JPEG"
    except Broken as fault:
        return str(fault)
    except (struct.error, IndexError):
        return "a damaged image: it ends too early"
    return None


def check_size(width: int, height: int, most: tuple[int, int]) -> None:
    if width == 0 or height == 0:
        raise Broken(f"{width}x{height} pixels: an image without any")
    if width > most[0] or height > most[1]:
        raise Broken(f"{width}x{height} pixels, but at most {most[0]}x{most[1]} are taken")


def png_chunks(data: bytes):
    """(name, content) of each, in order, up to the last."""
    at = len(PNG_START)
    while True:
        length, name = struct.unpack_from(">I4s", data, at)
        content = data[at + 8:at + 8 + length]
        if struct.unpack_from(">I", data, at + 8 + length)[0] != zlib.crc32(name + content):
            raise Broken("a damaged PNG: a checksum is wrong")
        yield name, content
        at += length + 12
        if name == b"IEND":
            if at != len(data):
                raise Broken("a damaged PNG: something follows its end")
            return


def png_bytes(width: int, height: int, bits: int, interlaced: int) -> int:
    """How many bytes the pixels are: each row rounded up, and one byte before it."""
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = (width - left + across - 1) // across, (height - top + down - 1) // down
        total += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return total


def check_png(data: bytes, most: tuple[int, int]) -> None:
    chunks = list(png_chunks(data))
    if chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise Broken("a damaged PNG: it does not begin with its size")
    width, height, depth, colour, packing, filters, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    check_size(width, height, most)
    if depth not in DEPTHS.get(colour, ()) or packing or filters or interlaced > 1:
        raise Broken("a damaged PNG: a kind of pixels that does not exist")
    if colour == 3 and not any(name == b"PLTE" for name, _ in chunks):
        raise Broken("a damaged PNG: its palette is missing")
    wanted = png_bytes(width, height, depth * SAMPLES[colour], interlaced)
    try:
        unpacker = zlib.decompressobj()
        pixels = unpacker.decompress(b"".join(content for name, content in chunks if name == b"IDAT"), wanted + 1)
    except zlib.error:
        raise Broken("a damaged PNG: its pixels cannot be unpacked") from None
    if len(pixels) != wanted or not unpacker.eof:
        raise Broken("a damaged PNG: it does not hold as many pixels as it says")


def check_jpeg(data: bytes, most: tuple[int, int]) -> None:
    """Its frame only: the pixels themselves are not decoded."""
    at, sized = 2, False
    while True:
        if data[at] != 0xFF:
            raise Broken("a damaged JPEG: a segment does not begin where it should")
        while data[at + 1] == 0xFF:  # any number of them may stand before a marker
            at += 1
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker in JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            check_size(width, height, most)
            sized = True
        if length < 2:
            raise Broken("a damaged JPEG: a segment without its length")
        at += 2 + length
        if marker == 0xDA:  # pixels follow
            break
    if not sized:
        raise Broken("a damaged JPEG: it does not say its size")
    if not data.endswith(b"\xff\xd9") or at >= len(data) - 2:
        raise Broken("a damaged JPEG: it ends too early")
