"""The front door of the rules: each kind of rules file, found, read, validated and returned as a policy.

Match rules and survivorship rules have loaders of their own beside this one; what they share (reading YAML
strictly, saying where something is wrong) stands in `document.py`.
"""

from __future__ import annotations

from pathlib import Path

from identity.model.errors import RulesError
from identity.model.policy import SourcePolicy
from matching_rules.document import read_document
from matching_rules.sources_schema import source_policy

__all__ = ["load_source_policies", "load_source_policy", "rules_directory"]

_SOURCES = "sources"
_SUFFIX = ".yml"


def rules_directory() -> Path:
    """Return the folder of the rules that come with the service."""
    return Path(__file__).resolve().parent


def load_source_policy(directory: Path, name: str) -> SourcePolicy:
    """Return the policy of one source, from `sources/<name>.yml` in `directory`. RulesError E101 to E118."""
    names = _source_names(directory)
    if name not in names:
        raise RulesError(
            "E117",
            f"{directory / _SOURCES} has no rules for a source of that name.",
            f"Known sources: {', '.join(names) or 'none'}. Another one needs a file <name>{_SUFFIX} there.",
        )
    return source_policy(read_document(directory / _SOURCES / f"{name}{_SUFFIX}"), name)


def load_source_policies(directory: Path) -> dict[str, SourcePolicy]:
    """Return the policies of all sources in `directory` by name, in the order of their names."""
    return {name: load_source_policy(directory, name) for name in _source_names(directory)}


def _source_names(directory: Path) -> list[str]:
    folder = directory / _SOURCES
    if not folder.is_dir():
        raise RulesError("E101", f"{folder} is not a folder.", "Name the folder that holds the rules.")
    return sorted(path.stem for path in folder.glob(f"*{_SUFFIX}"))
