"""python -m reference_loyalty --port 8400 --database loyalty.db: the platform, on this machine only by default."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from reference_loyalty.app import create_app
from reference_loyalty.options import Capabilities, Options

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped. LOYALTY_TOKEN (or LOYALTY_TOKEN_FILE, where it stands) and LOYALTY_WEBHOOK_SECRET come
    from the environment; so do LOYALTY_HOST, _PORT and _DATABASE where they are not given."""
    parser = argparse.ArgumentParser(prog="reference_loyalty", description=__doc__)
    parser.add_argument("--host", default=os.environ.get("LOYALTY_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("LOYALTY_PORT", "8400")))
    parser.add_argument(
        "--database", type=Path, default=Path(os.environ.get("LOYALTY_DATABASE", "loyalty.db"))
    )
    parser.add_argument("--faults", action="store_true", help="let /admin/faults switch misbehaviour on")
    parser.add_argument("--without", nargs="*", default=(), choices=_SWITCHES, help="what it cannot do")
    parser.add_argument("--webhook-url", default="", help="who is told of merges")
    told = parser.parse_args(arguments)
    options = Options(
        Capabilities(**dict.fromkeys(told.without, False)),
        token=_token(),
        webhook_url=told.webhook_url,
        webhook_secret=os.environ.get("LOYALTY_WEBHOOK_SECRET", ""),
    )
    app = create_app(told.database, options, faults=told.faults)
    signal.signal(signal.SIGTERM, lambda *_: None)  # raised again at the end, it would be one by a signal
    uvicorn.run(app, host=told.host, port=told.port, log_level="warning")


def _token() -> str:
    if file := os.environ.get("LOYALTY_TOKEN_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    return os.environ.get("LOYALTY_TOKEN", "")


_SWITCHES = ("merge", "unmerge", "transfer_points", "reassign_card", "survivor_choice")

if __name__ == "__main__":
    main()
