"""Are the letters fit to be used? Asked of the operator's edits before a letter is owed, not when it has to go out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.template import TemplateDoesNotExist, TemplateSyntaxError

from trustdesk.core.notices import LETTERS, MAY_SAY
from trustdesk.core.types import Category, Finding
from trustdesk.flow.letters import composing, words
from trustdesk.flow.letters.facts import LetterFacts

# The templates are the operator's own, so plain regular expressions will do here.
_INCLUDE = re.compile(r'{%\s*include\s+"([^"]+)"')
_PART = re.compile(r'{%\s*\w+[^%]*\bpart="(\w+)"')
_PRINTED = re.compile(r"{{\s*(\w+)")
_TESTED = re.compile(r"{%\s*(?:if|elif|button|for\s+\w+\s+in)\s+(.*?)\s*%}")
_LOOPED = re.compile(r"{%\s*for\s+(\w+)\s+in\b")
_WORD = re.compile(r"(?<![\w.|\"])([a-z_]+)\b(?!\")")
_SYNTAX = {"and", "or", "not", "in", "is", "part", "length", "forloop"}


def check(dirs: tuple[Path, ...] | None = None) -> tuple[Finding, ...]:
    """Findings on every letter in every language: what does not parse, a required part that no block says, a name that
    letters do not know, a word that is missing. `field` is file and line. Empty when all letters can be used."""
    dirs = composing.folders() if dirs is None else dirs
    return tuple(finding for language in composing.LANGUAGES for finding in of_letters(dirs, language, composing.KINDS))


def of_letters(dirs: tuple[Path, ...], language: str, kinds: Iterable[str]) -> Iterator[Finding]:
    """The same for the words and some letters of one language."""
    file = f"{language}/words.toml"
    try:
        w = words.load(dirs, language)
        for category in Category:
            for table in ("category", "claim"):
                if not w.tables[table].get(category):
                    yield Finding("letter.no_word", f"Table {table} has no {category}.", _at(dirs, file, f"[{table}]"))
        w.date(datetime(2026, 1, 1, tzinfo=UTC))
        known = {*composing.values(LetterFacts(provider="x"), w), "measure", "line", "element"}
    except (OSError, KeyError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = str(error).partition("(at line ")[2].partition(",")[0]
        yield Finding("letter.words", f"The words cannot be read: {error!r}.", f"{file}:{line or 1}")
        return
    for kind in kinds:
        yield from _letter(dirs, f"{language}/{kind}.txt", kind, known)


def _letter(dirs: tuple[Path, ...], file: str, kind: str, known: set[str]) -> Iterator[Finding]:
    try:
        composing.engine(dirs).get_template(file)
        source = "\n".join(_sources(dirs, file))
    except (TemplateDoesNotExist, TemplateSyntaxError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "token", None), "lineno", 1) or 1
        yield Finding("letter.template", f"{type(error).__name__}: {error}", f"{file}:{line}")
        return
    said = set(_PART.findall(source))
    for part in LETTERS[kind]:
        if part.id not in said and (not part.unless or part.unless not in said):
            yield Finding("letter.part", f"No block says part {part.id!r}: {part.title} ({part.source}).", f"{file}:1")
    for part_id in sorted(said - {part.id for part in LETTERS[kind]} - set(MAY_SAY.get(kind, ()))):
        yield Finding(
            "letter.unknown_part", f"{part_id!r} is not a part of this letter.", _at(dirs, file, f'part="{part_id}"')
        )
    used = {*_PRINTED.findall(source), *(w for tag in _TESTED.findall(source) for w in _WORD.findall(tag))}
    for name in sorted(used - known - _SYNTAX - set(_LOOPED.findall(source))):
        yield Finding("letter.unknown_name", f"Letters know no {name!r}.", _at(dirs, file, name))
    for block in ("subject", "title"):
        if f"{{% {block} %}}" not in source:
            yield Finding("letter.no_head", f"The letter has no {block}.", f"{file}:1")


def _at(dirs: tuple[Path, ...], file: str, needle: str) -> str:
    """File and line of the first place with those words; of what it includes when they stand there."""
    for folder in dirs:
        for name in (file, *(_INCLUDE.findall((folder / file).read_text("utf-8")) if (folder / file).exists() else ())):
            path = folder / name
            for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), 1):
                if needle in line:
                    return f"{name}:{number}"
    return f"{file}:1"


def _sources(dirs: tuple[Path, ...], file: str, depth: int = 0) -> Iterator[str]:
    if depth > 5:
        raise TemplateSyntaxError(f"{file} is included by itself")
    source = str(composing.engine(dirs).get_template(file).source)
    yield source
    for included in _INCLUDE.findall(source):
        yield from _sources(dirs, included, depth + 1)
