"""The tokens: every text reaches 4.5:1 on every ground it stands on, every control edge 3:1, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_database

STATIC = Path(__file__).parents[2] / "trustdesk" / "static" / "trustdesk"
TOKENS = dict(
    re.findall(
        r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\);", (STATIC / "tokens.css").read_text("utf-8")
    )
)
PAIRS = [
    *[(ink, ground, 4.5) for ink in ("ink", "ink-2", "ink-3") for ground in ("bg", "surface", "sunken", "hover")],
    *[(ink, "accent-soft", 4.5) for ink in ("ink", "ink-2", "accent-text")],
    *[
        (ink, ground, 4.5)
        for ink in ("accent-text", "danger", "warn", "ok", "info")
        for ground in ("surface", "bg", "sunken")
    ],
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("accent-text", "on-accent", 4.5),
    ("on-danger", "danger-fill", 4.5),
    ("danger", "danger-soft", 4.5),
    ("warn", "warn-soft", 4.5),
    ("ok", "ok-soft", 4.5),
    ("info", "info-soft", 4.5),
    ("on-mark", "mark", 4.5),
    *[("edge", ground, 3.0) for ground in ("bg", "surface", "sunken")],
    *[("focus", ground, 3.0) for ground in ("bg", "surface", "accent-soft")],
    *[("accent", ground, 3.0) for ground in ("surface", "line")],
]


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrast(ink, ground, least, theme):
    colours = [TOKENS[name].split(", ")[theme] for name in (ink, ground)]
    assert contrast(*colours) >= least, (ink, ground, round(contrast(*colours), 2))


def test_colours_are_named_in_the_tokens_alone():
    for path in STATIC.glob("*.css"):
        if path.name not in ("tokens.css", "print.css"):
            text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", text), path.name


def test_every_token_that_is_used_exists():
    defined = set(re.findall(r"--([a-z0-9-]+)\s*:", "".join(p.read_text("utf-8") for p in STATIC.glob("*.css"))))
    for path in STATIC.glob("*.css"):
        assert set(re.findall(r"var\(--([a-z0-9-]+)", path.read_text("utf-8"))) <= defined, path.name


def test_nothing_is_laid_out_by_left_or_right():
    physical = (
        r"(?<![-\w])(?:margin|padding|border)-(?:left|right)\s*:|(?<![-\w])(?:left|right)\s*:"
        r"|text-align:\s*(?:left|right)|float:"
    )
    for path in STATIC.glob("*.css"):
        assert not re.findall(physical, path.read_text("utf-8")), path.name


def test_every_class_that_pages_use_is_styled():
    styled = set(re.findall(r"\.([a-zA-Z][\w-]*)", "".join(p.read_text("utf-8") for p in STATIC.glob("*.css"))))
    templates = [p for p in (STATIC.parents[1] / "templates").rglob("*.html") if "letters" not in p.parts]
    used: set[str] = set()
    for path in templates:
        for value in re.findall(r'class="([^"]*)"', path.read_text("utf-8")):
            plain = re.sub(r"{%.*?%}|{{.*?}}", " ", value)
            used |= {name for name in plain.split() if re.fullmatch(r"[a-zA-Z][\w-]*[a-z0-9]", name)}
    assert used - styled == set()
