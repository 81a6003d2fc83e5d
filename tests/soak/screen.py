"""A steward who looks at the screen all the time: a page, or a kind word with 503 and when to come back."""

from __future__ import annotations

import re
import threading
import time
from random import Random

import httpx2

from .book import Book
from .system import System

__all__ = ["Steward"]

_NAME, _PASSWORD = "soaker", "a long password of the soak"
_PLACES = ("/review", "/review/search?q=zq", "/review/quality")
_PATIENCE = 90.0


class Steward(threading.Thread):
    """Logs in, and goes round."""

    def __init__(self, system: System, book: Book, random: Random, stop: threading.Event) -> None:
        super().__init__(name="steward", daemon=True)
        self._book, self._random, self._stop_event = book, random, stop
        # In production the cookie is for https only: the proxy in front of it is played here.
        self._http = httpx2.Client(base_url=system.url, timeout=20)
        self._cookies: dict[str, str] = {}

    @staticmethod
    def opened(system: System) -> None:
        file = system.folder / "password"
        file.write_text(_PASSWORD)
        done = system.identity("steward", "add", _NAME, "--role", "lead", "--password-file", str(file))
        assert done.returncode == 0, done.stderr

    def run(self) -> None:
        while not self._stop_event.is_set():
            try:
                self._log_in()
                while not self._stop_event.wait(0.3):
                    if self._visit(self._random.choice(_PLACES)) is None:
                        break
            except Exception as error:
                self._book.violated(f"the steward broke: {type(error).__name__} {error}")
                self._stop_event.wait(1)

    def _log_in(self) -> None:
        page = self._visit("/review/login")
        if page is None:
            return
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        form = {"name": _NAME, "password": _PASSWORD, "csrf": csrf[1] if csrf else ""}
        self._visit("/review/login", form)

    def _visit(self, path: str, form: dict[str, str] | None = None) -> str | None:
        """Return a page; None where one has to log in anew. What comes late is asked for again."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            answer = self._once(path, form)
            if answer is not None and answer.status_code != 503:
                return self._judged(path, answer)
            time.sleep(0.5)
        self._book.violated(f"screen {path}: no page in {_PATIENCE:g} s")
        return ""

    def _once(self, path: str, form: dict[str, str] | None) -> httpx2.Response | None:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"cookie": cookies} if cookies else {}
        try:
            answer = self._http.request("POST" if form else "GET", path, data=form, headers=headers)
        except httpx2.HTTPError as error:
            self._book.later(f"screen {type(error).__name__}")
            return None
        for told in answer.headers.get_list("set-cookie"):
            name, _, value = told.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status_code == 503:
            self._book.later("screen 503")
            if "retry-after" not in answer.headers:
                self._book.violated(f"screen {path}: 503 without Retry-After")
        return answer

    def _judged(self, path: str, answer: httpx2.Response) -> str | None:
        where = answer.headers.get("location", "")
        if answer.status_code == 303:
            return None if where.endswith("/login") else where
        if answer.status_code != 200:
            self._book.violated(f"screen {path.partition('?')[0]} answered {answer.status_code}")
            return ""
        self._book.did("pages of the screen")
        return answer.text
