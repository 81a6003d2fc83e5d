"""A real Chromium for the tests of the screen: that of this machine, never one that is fetched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser_is_left_out", "chromium"]

_VARIABLE = "TEST_CHROMIUM"
_LEFT_OUT = "none"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_REMEDY = (
    f"`make browser` installs one on Debian. Or set {_VARIABLE} to the path of one. {_VARIABLE}={_LEFT_OUT} leaves "
    "these tests out; on CI that is a failure."
)
_QUIETLY = (
    "--no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --disable-sync"
    " --disable-background-networking --disable-component-update --force-color-profile=srgb"
).split()


def browser_is_left_out() -> bool:
    return os.environ.get(_VARIABLE) == _LEFT_OUT


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that ends with the block. Fails when there is none."""
    named = os.environ.get(_VARIABLE) or next((path for name in _NAMES if (path := shutil.which(name))), None)
    if named is None or named == _LEFT_OUT:
        pytest.fail(f"There is no Chromium for the tests of the screen. {_REMEDY}", pytrace=False)
    # Imported by those who need it: it takes a while.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=named, args=_QUIETLY)
        try:
            yield browser
        finally:
            browser.close()
