"""The letters as they go out, one file per kind and language, so that a reviewer reads the difference.

`TRUSTDESK_WRITE_GOLDEN=1` writes them anew; the test fails all the same, so that nobody forgets that it was set.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.flow.letters_samples import SAMPLES
from trustdesk.flow.letters import KINDS, LANGUAGES, compose

GOLDEN = Path(__file__).parent.parent / "golden" / "letters"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SAMPLES)
def test_letter_is_as_reviewed(name: str, language: str) -> None:
    kind, facts = SAMPLES[name]
    letter = compose(kind, language, facts)
    files = {f"{name}.txt": f"Subject: {letter.subject}\n\n{letter.text}", f"{name}.html": letter.html}
    for file, content in files.items():
        path = GOLDEN / language / file
        if os.environ.get("TRUSTDESK_WRITE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        assert path.read_text("utf-8") == content, (
            f"{path.name}: TRUSTDESK_WRITE_GOLDEN=1 writes it anew, then read the diff"
        )
    assert not os.environ.get("TRUSTDESK_WRITE_GOLDEN"), "golden files were written, not checked"


def test_every_kind_has_a_golden_letter_and_every_golden_letter_a_kind() -> None:
    assert {kind for kind, _ in SAMPLES.values()} == set(KINDS)
    names = {f"{n}.{end}" for n in SAMPLES for end in ("txt", "html")}
    for language in LANGUAGES:
        assert {p.name for p in (GOLDEN / language).iterdir()} == names
