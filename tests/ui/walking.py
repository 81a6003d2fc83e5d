"""Somebody who walks through the screen: with the mouse, or with the keyboard alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from identity.model.steward import Role
from tests.stewardship.world import PASSWORD, World

__all__ = ["Walker", "walker_at"]

_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("VIOLATION " + event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile));
"""
_EXPECTED = ("Failed to load resource: the server responded with a status of 4",)


@dataclass
class Walker:
    """A page of a browser; `complaints` is what it should not have said."""

    page: Page
    context: BrowserContext
    root: str
    complaints: list[str] = field(default_factory=list)

    def go(self, place: str = "") -> Walker:
        self.page.goto(f"{self.root}/review{place}")
        return self

    def log_in(self, name: str) -> Walker:
        self.go("/login")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text(f"{name} ·")).to_be_visible()
        return self

    def press(self, *keys: str) -> Walker:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def click(self, name: str, within: str = "main") -> Walker:
        self.page.locator(within).get_by_role("button", name=name, exact=False).first.click()
        return self

    def sees(self, text: str) -> Walker:
        expect(self.page.get_by_text(text).locator("visible=true").first).to_be_visible()
        return self

    def arrived(self, selector: str) -> Walker:
        expect(self.page.locator(selector).first).to_be_visible()
        return self

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))


def walker_at(
    browser: Browser, root: str, world: World, name: str = "", role: Role = Role.STEWARD, **options: Any
) -> Walker:
    """Return somebody at the screen, logged in under a name that is known to the world."""
    context = browser.new_context(**{"viewport": {"width": 1360, "height": 880}, **options})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.set_default_timeout(8_000)
    walker = Walker(page, context, root)
    page.on("pageerror", lambda error: walker.complaints.append(f"error: {error}"))
    page.on("console", lambda message: _heard(walker, message))
    page.on("dialog", lambda dialog: _asked(walker, dialog))
    if name:
        token = world.visitor(name, role).http.cookies["session"]
        context.add_cookies([{"name": "session", "value": token, "url": root}])
    return walker


def _asked(walker: Walker, dialog: Dialog) -> None:
    walker.complaints.append(f"dialog: {dialog.message}")
    dialog.dismiss()


def _heard(walker: Walker, message: Any) -> None:
    if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED):
        walker.complaints.append(f"{message.type}: {message.text}")
