"""Are pictures compared here? Their bytes are those of one version of matplotlib: another draws the same in other bytes."""

import importlib.metadata
import pathlib
import re

import pytest

LOCK = (pathlib.Path(__file__).resolve().parent.parent / "uv.lock").read_text("utf-8")
[WANTED] = re.findall(r'^name = "matplotlib"\nversion = "([^"]+)"', LOCK, flags=re.MULTILINE)
HERE = importlib.metadata.version("matplotlib")
PICTURES = WANTED == HERE
REASON = f"pictures are compared with matplotlib {WANTED}, which drew them and which make test installs; this is {HERE}"

needs_pinned = pytest.mark.skipif(not PICTURES, reason=REASON)

# What is left out where they are not: the drawing, and not the alternative text. {regular expression: replacement}
DRAWING = {r'(<img alt="[^"]*") src="[^"]*">': r"\1>"}


def comparable(markup):
    """Return what can be compared of the HTML of an output."""
    for pattern, replacement in {} if PICTURES else DRAWING.items():
        markup = re.sub(pattern, replacement, markup)
    return markup
