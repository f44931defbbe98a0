"""Write docs/regimes: one page for each regime, made from the rulebook, and an index.

    python tools/regime_docs.py [--check]

With --check nothing is written; exit code 1 when a page is not what the rulebook says.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from trustdesk import rules  # noqa: E402
from trustdesk.core.rule_pages import regime_page  # noqa: E402

OUT = ROOT / "docs" / "regimes"
_STATES = {"on": "on", "off": "off", "opt_in": "opt in", "scheduled": "not yet"}


def pages(book: rules.Rulebook) -> dict[str, str]:
    """File name → content of every page."""
    out = {f"{ident}.md": regime_page(regime) for ident, regime in book.regimes.items()}
    rows = [
        f"| [{regime.title}]({ident}.md) | {regime.jurisdiction} | {regime.area} | {len(regime.clocks)} | "
        f"{_STATES[regime.switch]} | {regime.confidence} | {regime.review_due or ''} |"
        for ident, regime in sorted(book.regimes.items(), key=lambda pair: (pair[1].area, pair[0]))
    ]
    out["index.md"] = "\n".join(
        [
            "# The regimes",
            "",
            "Made from `rulebook/regimes` by `tools/regime_docs.py`: edit the rules, not these pages. Not legal advice; nothing",
            "here was checked by a lawyer. How to read and change them: [the law in the desk](../use/law.md).",
            "",
            "| regime | jurisdiction | area | clocks | switch | confidence | to be read again |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    wanted = pages(rules.load(ROOT / "rulebook"))
    have = {path.name: path.read_text(encoding="utf-8") for path in OUT.glob("*.md")}
    stale = sorted(name for name in wanted.keys() | have.keys() if wanted.get(name) != have.get(name))
    if args.check:
        print("\n".join(f"docs/regimes/{name} is not what the rulebook says" for name in stale))
        return 1 if stale else 0
    OUT.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (OUT / name).write_text(wanted[name], encoding="utf-8")
        else:
            (OUT / name).unlink()
    print(f"{len(wanted)} pages, {len(stale)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
