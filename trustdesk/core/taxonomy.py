"""The words of the field: categories of abuse with their harm and their names elsewhere, and the events of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trustdesk.core.strict import BadRules, Table, unique
from trustdesk.core.types import Category, Finding


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """One category.

    `severity` 1..5 is a default for when no policy speaks; `harm` 0..5 is danger to people now. `maps` holds its names
    in other vocabularies (xarf, dsa, rsit …); `titles` its names for people by language.
    """

    id: str
    titles: Mapping[str, str]
    severity: int
    harm: int
    maps: Mapping[str, tuple[str, ...]]
    about: str = ""

    def title(self, language: str = "en") -> str:
        """The name in that language, else in English."""
        return self.titles.get(language.partition("-")[0].lower()) or self.titles["en"]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All categories, and `events`: what can start, stop or meet a clock, with who records it (desk | person)."""

    categories: tuple[CategoryInfo, ...]
    events: Mapping[str, str] = field(default_factory=dict)

    def category(self, ident: str) -> CategoryInfo:
        """The category of that id; raises KeyError."""
        for info in self.categories:
            if info.id == ident:
                return info
        raise KeyError(ident)

    def known_as(self, vocabulary: str, name: str) -> str:
        """Our category for a name in another vocabulary ("xarf", "phishing"), or "" when none maps to it."""
        for info in self.categories:
            if name in info.maps.get(vocabulary, ()):
                return info.id
        return ""


def parse_taxonomy(document: Mapping[str, Any], *, file: str) -> Taxonomy:
    """Read the categories and events. Every category of the program must be there once. Raises `BadRules`."""
    findings: list[Finding] = []
    top = Table(document, "", findings)
    pairs = []
    for table in top.tables("category"):
        titles = {language: " ".join(words) for language, words in table.lists("titles").items()}
        if not titles.get("en"):
            table.bad("titles", "rule.missing", "an English title is missing")
        info = CategoryInfo(
            id=table.text("id", choices=tuple(Category)),
            titles=titles,
            severity=table.whole("severity", required=True, low=1, high=5) or 1,
            harm=table.whole("harm", required=True, high=5) or 0,
            maps=table.lists("maps"),
            about=table.text("about"),
        )
        table.close()
        pairs.append((info, table))
    unique(((info.id, table) for info, table in pairs), "category")
    events = {}
    for who, names in top.lists("events").items():
        if who not in ("desk", "person"):
            top.bad(f"events.{who}", "rule.unknown_key", "events are recorded by the desk or by a person")
        for name in names:
            if name in events:
                top.bad(f"events.{who}", "rule.repeated", f"{name!r} is there twice")
            events[name] = who
    top.close()
    for missing in sorted(set(Category) - {info.id for info, _ in pairs}):
        top.bad("category", "rule.missing", f"category {missing!r} is missing")
    if findings:
        raise BadRules(findings, file=file)
    return Taxonomy(tuple(info for info, _ in pairs), events)
