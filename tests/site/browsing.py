"""A browser for the tests: this machine's Chromium, Chrome or Edge; and axe-core, which finds what shuts readers out.

Where one is missing, the tests are skipped; where BROWSER_REQUIRED is set, they fail."""

import contextlib
import os
import pathlib
import shutil

import pytest
from playwright.sync_api import Error, sync_playwright

AXE = pathlib.Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
# No sandbox, for root has none; no news, no updates; and no name of another machine is ever looked up.
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split() + ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]


def missing(what):
    """Skip the test for want of something; where it is required, fail."""
    (pytest.fail if os.environ.get("BROWSER_REQUIRED") else pytest.skip)(what)


@contextlib.contextmanager
def started():
    """Run the browser for a `with` block. While it runs, the thread has an event loop: no other can be started in it."""
    if not AXE.is_file():
        missing("no axe-core: npm ci --ignore-scripts, in tests/site/browser")
    with sync_playwright() as playwright:
        browser = launched(playwright.chromium) or missing("no Chromium, Chrome or Edge on this machine")
        yield browser
        browser.close()


def launched(chromium):
    """Return the browser, or None. On the path it is Chromium; playwright knows where Chrome and Edge are."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    for which in ([{"executable_path": path}] if path else []) + [{"channel": "chrome"}, {"channel": "msedge"}]:
        with contextlib.suppress(Error):
            return chromium.launch(args=OPTIONS, **which)
    return None


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
