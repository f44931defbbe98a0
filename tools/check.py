"""House rules that no other linter knows; `make check` runs it. Prints each broken rule with file and line.

* core, reading and flow never read a clock or make randomness: times, actors and ids are arguments.
* model rows are written in `trustdesk/flow` alone.
* what is undocumented does not exist: settings, commands, entry kinds, interfaces.
* no file names the host of a package registry or a path of somebody's machine.
* links between the documents lead somewhere.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PURE = ("core", "reading", "flow")
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "now")}
CLOCKS |= {
    ("time", "time"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
    ("secrets", "token_hex"),
    ("secrets", "token_urlsafe"),
}
WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
#: Tables of Django's own that the web layer may touch: sessions and messages are not rows of the desk.
WRITERS = ("flow", "migrations")
REGISTRIES = (
    "pypi" + ".org",
    "files.python" + "hosted",
    "npm" + "js.org",
    "npmjs" + ".com",
    "deb.debian" + ".org",
    "crates" + ".io",
)
MACHINE = ("/work/" + "main", "/work/" + "shared", "/root/" + ".pyenv")


def files(pattern: str) -> Iterator[Path]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    yield from (ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file())


def where(path: Path, line: int) -> str:
    """`file:line` for people and editors."""
    return f"{path.relative_to(ROOT)}:{line}"


def no_clocks() -> Iterator[str]:
    """Calls that read a clock or make randomness where neither belongs."""
    for area in PURE:
        for path in files(f"trustdesk/{area}/*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                owner = node.func.value
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                if (name, node.func.attr) in CLOCKS or name == "random":
                    yield f"{where(path, node.lineno)}: {name}.{node.func.attr} in {area}; take it as an argument"


def writes() -> Iterator[str]:
    """Rows written outside flow."""
    for path in files("trustdesk/*.py"):
        area = path.relative_to(ROOT / "trustdesk").parts[0]
        if area in WRITERS:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            chain = ast.unparse(node.func)
            if ".objects." in chain and node.func.attr in WRITES | {"update", "delete"}:
                yield f"{where(path, node.lineno)}: {chain} writes rows outside flow"


def documented() -> Iterator[str]:
    """Settings, commands and entry kinds that no document names."""
    docs = "\n".join(p.read_text("utf-8") for p in files("docs/*.md"))
    program = {path: path.read_text("utf-8") for path in [*files("trustdesk/*.py"), *files("examples/*.py")]}
    settings = {name for text in program.values() for name in re.findall(r"TRUSTDESK_[A-Z_]+", text)}
    for name in sorted(settings):
        if f"`{name}`" not in docs:
            yield f"docs/operate/settings.md: setting {name} is not documented"
    for path in files("trustdesk/management/commands/*.py"):
        if path.stem != "__init__" and f"trustdesk {path.stem}" not in docs:
            yield f"docs: command `trustdesk {path.stem}` is not documented"
    kinds = {kind for path in files("trustdesk/flow/*.py") for kind in entry_kinds(path)}
    for kind in sorted(kinds):
        if f"`{kind}`" not in docs:
            yield f"docs/develop/ledger.md: entry kind {kind} is not documented"
    from dataclasses import fields

    from trustdesk.settings.desk import Desk

    for field in fields(Desk):
        if not re.search(rf"`\[?{field.name}[`.\]]", docs):
            yield f"docs/operate/settings.md: desk.toml key {field.name} is not documented"
    for path in files("trustdesk/interfaces/*.py"):
        if "(Protocol)" in path.read_text("utf-8") and f"interfaces/{path.name}" not in docs:
            yield f"docs/extend: the interface in {path.name} is not documented"


def entry_kinds(path: Path) -> Iterator[str]:
    """Kinds of journal entries that a module of flow writes: the second argument of `record` and of its drafts."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("record", "Draft", "Change")
        ):
            kind = node.args[1] if len(node.args) > 1 else None
            if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                yield kind.value


def clean_names() -> Iterator[str]:
    """Hosts of registries and paths of machines have no place in the repository."""
    for path in files("*"):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if any(host in line for host in REGISTRIES) or any(place in line for place in MACHINE):
                yield f"{where(path, number)}: names a package registry or a machine's path"


def links() -> Iterator[str]:
    """Relative links in documents that lead nowhere."""
    for path in [*files("*.md")]:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for target in re.findall(r"\]\(([^)#\s]+)", line):
                if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
                    yield f"{where(path, number)}: link to {target} leads nowhere"


def main() -> int:
    """Exit 1 when a rule is broken."""
    broken = [line for rule in (no_clocks, writes, documented, clean_names, links) for line in rule()]
    print("\n".join(broken) if broken else "house rules: kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
