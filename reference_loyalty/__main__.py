"""python -m reference_loyalty --port 8400 --database loyalty.db: the platform, on this machine only."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from reference_loyalty.app import create_app
from reference_loyalty.options import Capabilities, Options

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped. LOYALTY_TOKEN and LOYALTY_WEBHOOK_SECRET come from the environment."""
    parser = argparse.ArgumentParser(prog="reference_loyalty", description=__doc__)
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--database", type=Path, default=Path("loyalty.db"))
    parser.add_argument("--faults", action="store_true", help="let /admin/faults switch misbehaviour on")
    parser.add_argument("--without", nargs="*", default=(), choices=_SWITCHES, help="what it cannot do")
    parser.add_argument("--webhook-url", default="", help="who is told of merges")
    told = parser.parse_args(arguments)
    options = Options(
        Capabilities(**dict.fromkeys(told.without, False)),
        token=os.environ.get("LOYALTY_TOKEN", ""),
        webhook_url=told.webhook_url,
        webhook_secret=os.environ.get("LOYALTY_WEBHOOK_SECRET", ""),
    )
    app = create_app(told.database, options, faults=told.faults)
    uvicorn.run(app, host="127.0.0.1", port=told.port, log_level="warning")


_SWITCHES = ("merge", "unmerge", "transfer_points", "reassign_card", "survivor_choice")

if __name__ == "__main__":
    main()
