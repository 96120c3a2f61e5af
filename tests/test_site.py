"""The built site in a browser: each page as wide as a telephone and a desk, silent and alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from transcripts import REPO

pytestmark = pytest.mark.slow

WIDTHS = (400, 1280)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# What is wider than the window, pictures that are not there, and whether the page scrolls sideways.
LOOK = """
const page = document.documentElement;
return {
  wide: Math.max(page.scrollWidth, document.body.scrollWidth) - page.clientWidth,
  broken: [...document.images].filter(one => !one.naturalWidth).map(one => one.src),
  cut: [...document.images].filter(one => one.offsetParent !== null
    && one.getBoundingClientRect().right > page.clientWidth + 1).map(one => one.src),
};
"""


class Browser:
    """A headless Chromium, driven through chromedriver's HTTP door.

    Args:
        port: Of chromedriver.
        profile: Empty folder for the user's data.
    """

    def __init__(self, port: int, profile: Path) -> None:
        self._door = f"http://127.0.0.1:{port}/session"
        wanted = {
            "goog:chromeOptions": {"args": [*FLAGS, f"--user-data-dir={profile}"]},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self.ask("", {"capabilities": {"alwaysMatch": wanted}})
        self._door += f"/{session['sessionId']}"
        # The browser's own first page loads much; none of it is the site's.
        self.ask("/url", {"url": "about:blank"})
        for log in ("browser", "performance"):
            self.ask("/se/log", {"type": log})

    def ask(self, what: str, values: dict[str, Any]) -> Any:
        """Send a command of WebDriver and return its value."""
        body = json.dumps(values).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{self._door}{what}", body, headers), timeout=120) as answer:
            return json.load(answer)["value"]

    def close(self) -> None:
        """End the session, and with it Chromium."""
        urlopen(Request(self._door, method="DELETE"), timeout=60).close()

    def narrow(self, width: int) -> None:
        """Give the window a width in px, narrower than a headless window can be made."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        method = "Emulation.setDeviceMetricsOverride"
        self.ask("/goog/cdp/execute", {"cmd": method, "params": metrics})

    def faults(self, address: str, home: str) -> list[str]:
        """Visit a page and return what is wrong with it."""
        self.ask("/url", {"url": address})
        seen = self.ask("/execute/sync", {"script": LOOK, "args": []})
        found = [f"{seen['wide']} px too wide"] if seen["wide"] > 0 else []
        found += [f"{name} picture {one}" for name in ("broken", "cut") for one in seen[name]]
        for entry in self.ask("/se/log", {"type": "browser"}):
            found.append(f"console: {entry['level']} {entry['message']}")
        for entry in self.ask("/se/log", {"type": "performance"}):
            found += _request_faults(json.loads(entry["message"])["message"], home)
        return found


def _request_faults(event: dict[str, Any], home: str) -> Iterator[str]:
    """Yield what is wrong with a request: it left the site, or brought nothing."""
    method, values = event["method"], event["params"]
    if method == "Network.requestWillBeSent":
        asked = values["request"]["url"]
        if not asked.startswith((home, "data:")):
            yield f"request to {asked}"
    elif method == "Network.responseReceived" and values["response"]["status"] >= 400:
        yield f"answer {values['response']['status']} for {values['response']['url']}"
    elif method == "Network.loadingFailed" and not values.get("canceled"):
        yield f"request failed: {values['errorText']}"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    options = ["-q", "-E", "-W", "--keep-going", "-b", "html", "-d", str(folder / "read")]
    words = [sys.executable, "-m", "sphinx", *options, "docs", str(folder / "html")]
    subprocess.run(words, cwd=REPO, check=True)
    return folder / "html"


@pytest.fixture
def home(site: Path) -> Iterator[str]:
    """Address of the site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    driver = shutil.which("chromedriver")
    if driver is None or not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("SITE NOT LOOKED AT: no chromium and chromedriver (Debian: chromium-driver)")
    with subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, "chromedriver did not start"
            found = re.search(r"started successfully on port (\d+)", line)
        try:
            chromium = Browser(int(found[1]), tmp_path / "profile")
            yield chromium
            chromium.close()
        finally:
            process.terminate()


def test_pages_fit_and_stay_at_home(browser: Browser, site: Path, home: str) -> None:
    """No page is wider than its window, breaks a picture, writes to the console or asks outside."""
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert len(pages) > 80
    faults = {}
    for width in WIDTHS:
        browser.narrow(width)
        for page in pages:
            found = browser.faults(f"{home}{page}", home)
            if found:
                faults[f"{page} at {width} px"] = found
    assert not faults, json.dumps(faults, indent=1)


def test_faults_are_seen(browser: Browser, site: Path, home: str) -> None:
    page = site / "faulty.html"
    page.write_text(
        '<link rel="icon" href="data:,"><div style="width: 900px">wide</div>'
        '<img src="none.png"><script>console.error("loud")</script>'
        '<script src="http://127.0.0.2:9/x.js"></script>'
    )
    browser.narrow(400)
    text = "\n".join(browser.faults(f"{home}faulty.html", home))
    page.unlink()
    for part in ("px too wide", "broken picture", "loud", "request to http://127.0.0.2:9/", "404"):
        assert part in text, text
