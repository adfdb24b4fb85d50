"""Headless Chromium for the tests of pages, driven over its debugging pipe: no driver program, no other package.

    with Browser(folder_for_screenshots) as browser:
        page = browser.page(PHONE, "dark")
        page.open(url)
        page.evaluate("document.title")

The browser resolves no name and reaches no host but 127.0.0.1; whatever a page asks of others is in `page.requests` all
the same. Every wait ends at LIMIT and then raises. page_checks.py holds what every page of ours has to fulfil.
"""
import base64
import itertools
import json
import os
import pathlib
import selectors
import subprocess
import tempfile
import time

LIMIT = 30  # seconds, for one command or one page
PHONE, DESKTOP = (390, 844), (1280, 900)
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " "), "Escape": (27, ""), "ArrowDown": (40, ""), "ArrowUp": (38, ""),
        "ArrowLeft": (37, ""), "ArrowRight": (39, ""), "Home": (36, ""), "End": (35, "")}
SHIFT = 8
FLAGS = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-extensions", "--disable-default-apps", "--disable-breakpad", "--mute-audio",
         "--hide-scrollbars", "--force-color-profile=srgb", "--no-proxy-server", "--lang=en",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


class BrowserError(Exception):
    """The browser ended, did not answer in time, or refused a command."""


class Browser:
    def __init__(self, screenshots: pathlib.Path, program: str = "chromium"):
        self.screenshots = screenshots
        screenshots.mkdir(parents=True, exist_ok=True)
        self._profile = tempfile.TemporaryDirectory(prefix="cardstock-browser-", ignore_cleanup_errors=True)
        self._numbers, self._buffer, self._pages = itertools.count(1), b"", {}
        # The browser reads commands from descriptor 3 and writes to 4.
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        start = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        self._log = open(pathlib.Path(self._profile.name) / "log", "w+b")
        home = {"HOME": self._profile.name, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            ["bash", "-c", start, "bash", str(commands), str(answers), program, *FLAGS,
             f"--user-data-dir={self._profile.name}/profile", "about:blank"],
            pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=home)
        os.close(commands)
        os.close(answers)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._answers, selectors.EVENT_READ)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.command("Browser.close")
            self._process.wait(LIMIT)
        except (BrowserError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        self._log.close()
        self._profile.cleanup()

    def page(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> "Page":
        """An empty page in a window of that size (CSS pixels); `scheme`: what the user prefers, light or dark."""
        return Page(self, size, scheme)

    def command(self, method: str, session: str | None = None, **parameters: object) -> dict:
        """One command of the DevTools protocol; its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        try:
            os.write(self._commands, json.dumps(message).encode() + b"\0")
        except BrokenPipeError as error:
            raise BrowserError(self._ended()) from error
        answer = self.read_until(lambda told: told.get("id") == number, method)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def read_until(self, wanted, what: str) -> dict:
        """The first message that is `wanted`; events before it go to their pages."""
        until = time.monotonic() + LIMIT
        while True:
            while b"\0" in self._buffer:
                text, self._buffer = self._buffer.split(b"\0", 1)
                message = json.loads(text)
                if page := self._pages.get(message.get("sessionId")):
                    page.hear(message)
                if wanted(message):
                    return message
            if not self._selector.select(max(0.0, until - time.monotonic())):
                raise BrowserError(f"{what}: no answer within {LIMIT} s")
            piece = os.read(self._answers, 1 << 20)
            if not piece:
                raise BrowserError(self._ended())
            self._buffer += piece

    def adopt(self, session: str, page: "Page") -> None:
        self._pages[session] = page

    def _ended(self) -> str:
        self._log.seek(0)
        return "the browser has ended:\n" + self._log.read().decode(errors="replace")[-2000:]


class Page:
    def __init__(self, browser: Browser, size: tuple[int, int], scheme: str):
        self._browser = browser
        self.requests: list[str] = []  # every URL asked for since the last open()
        self.errors: list[str] = []    # console errors and warnings, exceptions, requests that failed; since the last open()
        self._target = browser.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.command("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        browser.adopt(self._session, self)
        for domain in ("Page", "Network", "Runtime", "Log", "DOM", "Accessibility"):
            self.command(f"{domain}.enable")
        self.command("Page.setLifecycleEventsEnabled", enabled=True)
        self.resize(size)
        self.prefer(scheme)

    def command(self, method: str, **parameters: object) -> dict:
        return self._browser.command(method, self._session, **parameters)

    def resize(self, size: tuple[int, int]) -> None:
        self.command("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
                     mobile=size[0] < 600)

    def prefer(self, scheme: str) -> None:
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def send_headers(self, headers: dict[str, str]) -> None:
        """With every request from now on: a bearer token, say."""
        self.command("Network.setExtraHTTPHeaders", headers=headers)

    def open(self, url: str) -> None:
        """Returns when the page and what it needs are loaded."""
        self.requests.clear()
        self.errors.clear()
        told = self.command("Page.navigate", url=url)
        if "errorText" in told:
            raise BrowserError(f"{url}: {told['errorText']}")
        self.await_load(told["loaderId"])

    def await_load(self, loader: str) -> None:
        self._browser.read_until(
            lambda told: told.get("method") == "Page.lifecycleEvent" and told["params"]["name"] == "load"
            and told["params"]["loaderId"] == loader, "load")

    def evaluate(self, expression: str) -> object:
        """The value of a JavaScript expression; a promise is awaited. The page's own policy does not bind it."""
        told = self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            details = told["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return told["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Until the JavaScript expression is true; at most LIMIT."""
        self.evaluate("new Promise((done) => { const look = () => (" + condition + ") ? done() : setTimeout(look, 20); look(); })")

    def press(self, key: str, shift: bool = False) -> None:
        """One of KEYS, to whatever has the focus."""
        code, text = KEYS[key]
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code,
                  "modifiers": SHIFT if shift else 0}
        self.command("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.command("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        self.command("Input.insertText", text=text)

    def choose_file(self, selector: str, path: pathlib.Path) -> None:
        """What a person picks in the dialogue of a file field."""
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def press_and_load(self, key: str) -> None:
        """A key that leads to another page."""
        self.press(key)
        self._browser.read_until(
            lambda told: told.get("method") == "Page.lifecycleEvent" and told["params"]["name"] == "load", "load")

    def accessible(self) -> list[dict]:
        """What assistive technology is told: role, name, level (headings) of every node that is not hidden from it."""
        nodes = []
        for node in self.command("Accessibility.getFullAXTree")["nodes"]:
            if node.get("ignored"):
                continue
            level = next((p["value"]["value"] for p in node.get("properties", []) if p["name"] == "level"), None)
            nodes.append({"role": node["role"]["value"], "name": node.get("name", {}).get("value", "").strip(), "level": level})
        return nodes

    def screenshot(self, name: str) -> pathlib.Path:
        """The whole page, however long, as NAME.png."""
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path = self._browser.screenshots / f"{name}.png"
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def close(self) -> None:
        self._browser.command("Target.closeTarget", targetId=self._target)

    def hear(self, message: dict) -> None:
        method, told = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Network.loadingFailed":
            self.errors.append(f"request failed: {told.get('errorText')} {told.get('blockedReason', '')}".strip())
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.errors.append("console: " + " ".join(str(a.get("value", a.get("description"))) for a in told["args"]))
        elif method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.errors.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"log: {told['entry']['text']} {told['entry'].get('url', '')}".strip())
