"""What may stand in an address: `{name:whole}` takes all that is left of it, slashes and line breaks too."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor

__all__: list[str] = []


class _Whole(Convertor[str]):
    """Starlette's own `path` ends at a line break; a source may have ids with one."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("whole", _Whole())
