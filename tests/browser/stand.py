"""The real service before the simulator with its sample data, and a browser: what a test of a page stands on."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from browser import Browser  # noqa: E402
from programs import Program, Simulator, start_service  # noqa: E402

TC_SECRET = "a-demonstration-secret-that-protects-nothing"
CONFIG = """
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
{admin}
[threatconnect]
base_url = "{upstream}/api"
portal_url = "https://threatconnect.example"
api_id = "demo"
api_secret_file = "{folder}/secret"
default_owner = "Demo Organization"
pass_through_hosts = ["{upstream}"]
[limits]
requests_per_minute = 0
[card]
no_result_link = "/#/search?query={{name}}"
[store]
path = "{folder}/cardstock.db"
{more}
"""


class Stand:
    """`admin`: further lines of [admin]; `more`: further tables of the configuration; `prepare` is called with the folder
    of configuration and store before the service starts."""

    def __init__(self, source: pathlib.Path, cardstock: str, simulator: str, screenshots: pathlib.Path, admin: str = "", more: str = "",
                 prepare=lambda folder: None):
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        (folder / "secret").write_text(TC_SECRET + "\n", encoding="ascii")
        (folder / "secret").chmod(0o600)
        prepare(folder)
        self._stops = [self._folder.cleanup]
        try:
            self.simulator = self._stopped(Simulator(simulator, source / "config/simulator/sample.json"))
            config = folder / "cardstock.toml"
            config.write_text(CONFIG.format(admin=admin, more=more, folder=folder, upstream=self.simulator.url), encoding="utf-8")
            self.service = self._stopped(start_service(cardstock, config))
            self.url = f"http://127.0.0.1:{self.service.port}"
            self.admin_url = self.service.admin_url
            self.browser = Browser(screenshots)
            self._stops.append(lambda: self.browser.__exit__())
        except BaseException:
            self.stop()
            raise

    def _stopped(self, program: Program) -> Program:
        self._stops.append(program.stop)
        return program

    def stop(self) -> None:
        while self._stops:
            self._stops.pop()()
