"""Are the letters fit to be used? Asked of the operator's edits before a letter is owed, not when it has to go out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.template import TemplateDoesNotExist, TemplateSyntaxError

from trustdesk.core.notices import LETTERS
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
    letters do not know, a word that is missing. `field` is the file. Empty when all letters can be used."""
    dirs = composing.folders() if dirs is None else dirs
    return tuple(finding for language in composing.LANGUAGES for finding in _language(dirs, language))


def _language(dirs: tuple[Path, ...], language: str) -> Iterator[Finding]:
    file = f"{language}/words.toml"
    try:
        w = words.load(dirs, language)
        for category in Category:
            for table in ("category", "claim"):
                if not w.tables[table].get(category):
                    yield Finding("letter.no_word", f"Table {table} has no {category}.", file)
        w.date(datetime(2026, 1, 1, tzinfo=UTC))
        known = {*composing.values(LetterFacts(provider="x"), w), "measure", "line", "element"}
    except (OSError, KeyError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        yield Finding("letter.words", f"The words cannot be read: {error!r}.", file)
        return
    for kind in composing.KINDS:
        yield from _letter(dirs, f"{language}/{kind}.txt", kind, known)


def _letter(dirs: tuple[Path, ...], file: str, kind: str, known: set[str]) -> Iterator[Finding]:
    try:
        composing.engine(dirs).get_template(file)
        source = "\n".join(_sources(dirs, file))
    except (TemplateDoesNotExist, TemplateSyntaxError, UnicodeDecodeError) as error:
        yield Finding("letter.template", f"{type(error).__name__}: {error}", file)
        return
    said = set(_PART.findall(source))
    for part in LETTERS[kind]:
        if part.id not in said and (not part.unless or part.unless not in said):
            yield Finding("letter.part", f"No block says part {part.id!r}: {part.title} ({part.source}).", file)
    for part_id in sorted(said - {part.id for part in LETTERS[kind]}):
        yield Finding("letter.unknown_part", f"{part_id!r} is not a part of this letter.", file)
    used = {*_PRINTED.findall(source), *(w for tag in _TESTED.findall(source) for w in _WORD.findall(tag))}
    for name in sorted(used - known - _SYNTAX - set(_LOOPED.findall(source))):
        yield Finding("letter.unknown_name", f"Letters know no {name!r}.", file)
    for block in ("subject", "title"):
        if f"{{% {block} %}}" not in source:
            yield Finding("letter.no_head", f"The letter has no {block}.", file)


def _sources(dirs: tuple[Path, ...], file: str, depth: int = 0) -> Iterator[str]:
    if depth > 5:
        raise TemplateSyntaxError(f"{file} is included by itself")
    source = str(composing.engine(dirs).get_template(file).source)
    yield source
    for included in _INCLUDE.findall(source):
        yield from _sources(dirs, included, depth + 1)
