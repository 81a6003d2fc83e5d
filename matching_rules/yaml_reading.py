"""How rules files are read as YAML: by libyaml, which is in every wheel of PyYAML and takes a tenth of the time."""

from __future__ import annotations

import yaml

__all__ = ["composed", "refuse_depth"]

_DEEPEST = 64
"""Rules are nested a tenth as deep. libyaml's composer follows any depth on the stack of the process, and ends it."""


def composed(text: str) -> yaml.Node | None:
    """Return a document's nodes. YAMLError where it is none, or too deep."""
    refuse_depth(text)
    return yaml.compose(text, yaml.CSafeLoader)


def refuse_depth(text: str) -> None:
    """Refuse text that is nested deeper than rules are, and text that is not YAML: YAMLError."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"nested deeper than {_DEEPEST} times")
