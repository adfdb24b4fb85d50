#!/usr/bin/env python3
"""Fails when a file includes a room that its own room may not see, or a third-party header outside its owner's .cpp.

The arrows are those of docs/architecture.md. CMake cannot enforce them for third-party headers: all of those
live in /usr/include.
"""
import pathlib
import re
import sys

ALLOWED = {
    "util": set(),
    "indicator": {"util"},
    "threatconnect": {"util", "indicator"},
    "card": {"util", "indicator", "threatconnect"},
    "store": {"util", "indicator", "threatconnect"},
    "fetch": {"util"},
    "enrich": {"util", "indicator", "threatconnect", "store", "fetch"},
    "prewarm": {"util", "indicator", "threatconnect"},
    "admin": {"util", "indicator", "enrich", "store", "prewarm", "threatconnect"},
    "http/transport": {"util"},
    "http/api": {"util", "indicator", "card", "enrich", "admin", "prewarm", "http/transport"},
    "cli": {"util"},
    "simulator": {"util", "indicator", "threatconnect", "http/transport"},
}
ALLOWED["app"] = set(ALLOWED)
# First path component of a third-party include -> the rooms whose sources may name it.
OWNER = {
    "SQLiteCpp": {"store"},
    "sqlite3.h": {"store"},
    "zstd.h": {"store"},
    "zdict.h": {"store"},
    "zlib.h": {"prewarm"},
    "curl": {"fetch"},
    "pistache": {"http/transport"},
    "openssl": {"threatconnect", "http/transport"},
    "simdjson.h": {"threatconnect", "http/api", "simulator", "admin", "prewarm", "app"},
    "idn2.h": {"indicator"},
    "spdlog": {"app", "simulator"},
    "CLI": {"cli", "simulator"},
    "toml++": {"cli"},
    "prometheus": {"admin"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def room_of(path: str) -> str | None:
    parts = path.split("/")
    two = "/".join(parts[:2])
    if two in ALLOWED:
        return two
    return parts[0] if parts[0] in ALLOWED else None


def main(root: pathlib.Path) -> int:
    bad = []
    count = 0
    for base in (root / "include/cardstock", root / "src"):
        for path in sorted(base.rglob("*.[hc]pp")):
            count += 1
            relative = path.relative_to(base).as_posix()
            own = room_of(relative)
            if own is None:
                bad.append(f"{path.relative_to(root)}: stands in no known room")
                continue
            for seen in INCLUDE.findall(path.read_text(encoding="utf-8")):
                owners = OWNER.get(seen.split("/")[0])
                if owners is not None:
                    if own not in owners or base.name == "cardstock":
                        bad.append(f"{path.relative_to(root)}: <{seen}> belongs in the sources of {', '.join(sorted(owners))} only")
                    continue
                if not seen.startswith("cardstock/"):
                    continue
                other = room_of(seen.removeprefix("cardstock/"))
                if other is None:
                    bad.append(f"{path.relative_to(root)}: <{seen}> names no known room")
                elif other != own and other not in ALLOWED[own]:
                    bad.append(f"{path.relative_to(root)}: {own} must not include {other}")
    if count == 0:
        bad.append("no source found: wrong folder?")
    print("\n".join(bad) or f"layers ok ({count} files)")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
