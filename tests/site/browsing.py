"""A browser for the tests: this machine's Chromium, Chrome or Edge; and axe-core, which finds what shuts readers out.

Where one is missing, the tests are skipped; where BROWSER_REQUIRED is set, they fail."""

import contextlib
import os
import pathlib
import shutil

import pytest

AXE = pathlib.Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
)
# No sandbox, for root has none; no news, no updates; and no name of another machine is ever looked up.
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split() + ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]


def executable():
    """Return the path of this machine's browser, or None."""
    places = [shutil.which(name) for name in NAMES] + [os.path.expandvars(place) for place in PLACES]
    return next((place for place in places if place and os.path.isfile(place)), None)


def missing(what):
    """Skip the test for want of something; where it is required, fail."""
    (pytest.fail if os.environ.get("BROWSER_REQUIRED") else pytest.skip)(what)


@contextlib.contextmanager
def started():
    """Run the browser for a `with` block. While it runs, the thread has an event loop: no other can be started in it."""
    path = executable() or missing("no Chromium, Chrome or Edge on this machine")
    if not AXE.is_file():
        missing("no axe-core: npm ci --ignore-scripts, in tests/site/browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


def violations(page, within="html", rules=None):
    """Return what axe-core finds to be serious or critical: {rule: a line for each element}."""
    page.add_script_tag(path=AXE)
    options = {"resultTypes": ["violations"]} | ({"runOnly": {"type": "rule", "values": rules}} if rules else {})
    found = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    assert found["passes"], "axe-core saw nothing that it could judge"
    return {
        rule["id"]: [f"{node['html'][:120]}: {node['failureSummary']}" for node in rule["nodes"]]
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    }
