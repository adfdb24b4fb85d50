"""The real programs, started for a test: simulator, service, Jython."""
import json
import pathlib
import re
import subprocess
import threading
import urllib.request

JARS = pathlib.Path("/usr/share/java")
START_LIMIT = 60  # seconds


class Program:
    """A started program whose output is read line by line; ready when a line fits `ready`."""

    def __init__(self, command: list[object], ready: str):
        self.lines: list[str] = []
        self._ready, self._found = threading.Event(), None
        self._process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._read, args=(re.compile(ready),), daemon=True).start()
        if not self._ready.wait(START_LIMIT) or self._found is None:
            self.stop()
            raise RuntimeError(f"{command[0]} did not start:\n" + "\n".join(self.lines))

    def _read(self, ready: re.Pattern[str]) -> None:
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if self._found is None and (found := ready.search(line)):
                self._found = int(found[1])
                self._ready.set()
        self._ready.set()  # it has ended

    @property
    def port(self) -> int:
        """Of the first listener."""
        return self._found

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def admin_url(self) -> str:
        """Of a service; stands in the line by which it was known to be ready."""
        return next(found[1] for line in self.lines if (found := re.search(r'"admin_url":"([^"]+)"', line)))

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(START_LIMIT)


class Simulator(Program):
    def __init__(self, program: str, data: pathlib.Path):
        super().__init__([program, "--listen", "127.0.0.1:0", "--data", data], r"listens on \S+ port (\d+)")
        self.url = f"http://127.0.0.1:{self.port}"

    def misbehave(self, **fault: object) -> None:
        """At the next look-up, or `times` of them."""
        self._faults("POST", json.dumps({"match": {"path": "/v3/indicators"}, "times": 1, **fault}))

    def behave(self) -> None:
        self._faults("DELETE", "")

    def _faults(self, method: str, body: str) -> None:
        call = urllib.request.Request(self.url + "/_simulator/faults", body.encode(),
                                      {"Content-Type": "application/json"}, method=method)
        urllib.request.urlopen(call, timeout=START_LIMIT).close()


def start_service(program: str, config: pathlib.Path) -> Program:
    return Program([program, "serve", "--config", config], r'"event":"started".*"url":"https?://127\.0\.0\.1:(\d+)"')


def jython(authority: pathlib.Path, empty_folder: pathlib.Path, path: pathlib.Path) -> dict:
    """Arguments for subprocess that run Jython, trusting one authority only, with the helper module in `path`.

    Debian's launcher leaves out Bouncy Castle, without which Jython has no TLS. JYTHONPATH is what Jython reads for
    PYTHONPATH.
    """
    jars = ":".join(str(JARS / f"{name}.jar") for name in ("jython", "bcprov", "bcpkix", "bcutil"))
    return {"args": ["java", "-XX:TieredStopAtLevel=1", "-Dpython.cachedir.skip=true", "-cp", jars, "org.python.util.jython"],
            "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "JYTHONPATH": str(path),
                    "SSL_CERT_FILE": str(authority), "SSL_CERT_DIR": str(empty_folder)}}
