"""Where in a TOML file a key stands, so that a finding can name the line.

`tomllib` forgets the lines. This is no second parser: it only follows the table headers and the keys at the start of
lines, and skips multi-line texts. What it cannot find falls back to the line of the table around it.
"""

from __future__ import annotations


def index(text: str) -> dict[str, int]:
    """Path (`clock[3].unit`) → line, counted from 1, for every table header and every key on a line of its own."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    here = ""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if fence:
            if fence in stripped:
                fence = ""
            continue
        if stripped.startswith("[[") and "]]" in stripped:
            name = _resolve(_dotted(stripped[2 : stripped.index("]]")]), counts)
            counts[name] = counts.get(name, -1) + 1
            here = f"{name}[{counts[name]}]"
            found.setdefault(here, number)
        elif stripped.startswith("[") and "]" in stripped and "=" not in stripped.split("]")[0]:
            here = _resolve(_dotted(stripped[1 : stripped.index("]")]), counts)
            found.setdefault(here, number)
        elif "=" in stripped and not stripped.startswith("#"):
            key, _, value = stripped.partition("=")
            name = f"{here}.{_dotted(key)}" if here else _dotted(key)
            while len(name) > len(here):  # `title.es` is the first line of `title` as well
                found.setdefault(name, number)
                name = name.rpartition(".")[0]
            for mark in ('"""', "'''"):
                if value.count(mark) == 1:
                    fence = mark
    return found


def line_of(text: str, path: str) -> int:
    """The line of a path, or of the nearest table that contains it, or 1."""
    found = index(text)
    while path:
        if path in found:
            return found[path]
        cut = max(path.rfind("."), path.rfind("[") if path.endswith("]") else -1)
        path = path[:cut] if cut > 0 else ""
    return 1


def _dotted(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.strip().split("."))


def _resolve(name: str, counts: dict[str, int]) -> str:
    """`clause.example` under the second [[clause]] is `clause[1].example`."""
    parts = name.split(".")
    path = ""
    for n, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if n < len(parts) - 1 and path in counts:
            path = f"{path}[{counts[path]}]"
    return path
