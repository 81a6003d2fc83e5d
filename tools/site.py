"""What MkDocs is told beside mkdocs.yml: pages that are made of other files, and links that lead out of docs/.

Notebooks become pages with what they print and show. CHANGELOG, CONTRIBUTING and SECURITY stand in the root, where
people look for them, and are pages as well. Decisions are listed by themselves. A link to a file of the code becomes
the name of that file: the site has to be readable without the repository beside it.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

__all__ = ["notebook_page", "on_config", "on_files", "on_page_markdown", "without_links_outwards"]

ROOT = Path(__file__).resolve().parent.parent
OF_THE_ROOT = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
_LINK = re.compile(r"(?<!\!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_PAGES = {f"notebooks/{path.stem}.md": path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}


def on_config(config: Any) -> Any:
    """List the notebooks and the decisions in the navigation, in their order."""
    listed = {
        "Notebooks": [{_title(path): page} for page, path in _PAGES.items()],
        "Decisions": [f"adr/{path.name}" for path in sorted((ROOT / "docs" / "adr").glob("*.md"))],
    }
    for entry in config["nav"]:
        for title in entry:
            if title in listed:
                entry[title] = listed[title]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made of notebooks and of files in the root."""
    for page, path in _PAGES.items():
        text, pictures = notebook_page(path)
        files.append(File.generated(config, page, content=text))
        for name, picture in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=picture))
    for name, page in OF_THE_ROOT.items():
        if (ROOT / name).exists():
            text = (ROOT / name).read_text(encoding="utf-8")
            files.append(File.generated(config, page, content=text.replace("](docs/", "](")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001
    """Keep links within the site; say the name of what they lead to otherwise."""
    return without_links_outwards(
        markdown, page.file.src_uri, lambda path: files.get_file_from_path(path) is not None
    )


def without_links_outwards(markdown: str, page: str, known: Any) -> str:
    """Return the text of `page` with each link to what is no page or file of the site as plain text."""

    def kept(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if "://" in target or target.startswith("mailto:"):
            return found[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        if known(path):
            return found[0]
        if path.startswith("notebooks/") and known(path.replace(".ipynb", ".md")):
            return found[0].replace(".ipynb", ".md")
        shown = path.removeprefix("../")
        return words if shown in words else f"{words} (`{shown}`)"

    return _LINK.sub(kept, markdown)


def notebook_page(path: Path) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as Markdown, and its pictures by name."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source.replace("](../docs/", "](../"))
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            found = output.get("data", {})
            if picture := found.get("image/png"):
                name = f"{path.stem}-{len(pictures) + 1}.png"
                pictures[name] = base64.b64decode(picture)
                parts.append(f"![]({name})")
            else:
                text = "".join(output.get("text", found.get("text/plain", "")))
                parts.append(f"```text\n{text.rstrip()}\n```")
    return "\n\n".join(parts) + "\n", pictures


def _title(path: Path) -> str:
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].lstrip("# ")
