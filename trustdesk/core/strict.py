"""Reading rules strictly: every key known, every type checked, everything wrong reported at once.

A rule file that is nearly right is the most dangerous kind, so nothing is guessed and nothing is ignored. The
findings carry a path (`clock[3].unit`); `trustdesk.core.lines` turns a path into a line of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from trustdesk.core.said import FIRST, Said
from trustdesk.core.types import Finding


class BadRules(Exception):
    """A rule document that may not be used. `findings` holds everything wrong in it; `Finding.field` is the path."""

    def __init__(self, findings: Iterable[Finding], *, file: str = "") -> None:
        self.file = file
        self.findings = tuple(findings)
        super().__init__("\n".join(f"{file}: {f.field}: {f.message}" for f in self.findings))


class Table:
    """One table of a document, read key by key; `close()` reports the keys that nobody asked for."""

    def __init__(self, data: Any, path: str, findings: list[Finding]) -> None:
        self.path = path
        self.findings = findings
        self._seen: set[str] = set()
        if not isinstance(data, Mapping):
            self.bad("", "rule.type", "must be a table")
            data = {}
        self._data: Mapping[str, Any] = data

    def at(self, key: str) -> str:
        """The path of a key, as findings name it."""
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def bad(self, key: str, code: str, message: str) -> None:
        """Note that something is wrong."""
        self.findings.append(Finding(code, message, self.at(key)))

    def has(self, key: str) -> bool:
        return key in self._data

    def _get(self, key: str, kinds: type | tuple[type, ...], what: str, required: bool) -> Any:
        self._seen.add(key)
        value = self._data.get(key)
        if value is None:
            if required:
                self.bad(key, "rule.missing", f"{key!r} is missing")
            return None
        # bool is an int in Python, datetime is a date: neither may pass for the other in a rule.
        wrong = not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)
        if wrong or (isinstance(value, datetime) and kinds is date):
            self.bad(key, "rule.type", f"{key!r} must be {what}, not {value!r}")
            return None
        return value

    def text(self, key: str, *, required: bool = True, default: str = "", choices: Iterable[str] = ()) -> str:
        """A string; when required, not blank; when `choices` are given, one of them."""
        value = self._get(key, str, "a text", required)
        if value is None:
            return default
        value = value.strip()
        if required and not value:
            self.bad(key, "rule.missing", f"{key!r} is empty")
        options = tuple(choices)
        if options and value and value not in options:
            self.bad(key, "rule.value", f"{key!r} is {value!r}; known: {', '.join(options)}")
        return value or default

    def said(self, key: str) -> Said:
        """A text, or a table with one in each language: { en = "…", es = "…" }; English is never missing."""
        by_language = self._in_languages(key, str, 'a text, or a table such as { en = "…", es = "…" }')
        texts = {language: value.strip() for language, value in by_language.items()}
        if not all(texts.values()):
            self.bad(key, "rule.missing", f"{key!r} is empty")
        return Said(texts.pop(FIRST, ""), texts)

    def said_list(self, key: str) -> tuple[Said, ...]:
        """A list of texts, or a table with one list in each language, all of the same length; empty when absent."""
        if not self.has(key):
            return ()
        lists = self._in_languages(key, list, "a list of texts, or a table of them by language")
        texts = [value for items in lists.values() for value in items]
        if not all(isinstance(value, str) and value.strip() for value in texts):
            self.bad(key, "rule.type", f"{key!r} must hold texts only")
            return ()
        if len({len(items) for items in lists.values()}) > 1:
            self.bad(key, "rule.value", f"{key!r} has not as many texts in each language")
            return ()
        first = lists.pop(FIRST, [])
        return tuple(Said(text, {to: items[n] for to, items in lists.items()}) for n, text in enumerate(first))

    def _in_languages(self, key: str, kind: type, what: str) -> dict[str, Any]:
        value = self._get(key, (kind, Mapping), what, True)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            return {FIRST: value}
        for language, text in value.items():
            if not (len(language) == 2 and language.isascii() and language.islower()):
                self.bad(key, "rule.language", f"{key!r}: {language!r} is no language such as en, es")
            if not isinstance(text, kind):
                self.bad(key, "rule.type", f"{key!r} must be {what}, not {text!r}")
                return {}
        if FIRST not in value:
            self.bad(key, "rule.missing", f"{key!r} is missing in English ({FIRST})")
        return dict(value)

    def whole(self, key: str, *, required: bool = False, low: int = 0, high: int = 1_000_000) -> int | None:
        """A whole number within [low, high], or None when absent and not required."""
        value = self._get(key, int, "a whole number", required)
        if value is not None and not low <= value <= high:
            self.bad(key, "rule.value", f"{key!r} is {value}; it must be between {low} and {high}")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self._get(key, bool, "true or false", False)
        return default if value is None else value

    def day(self, key: str, *, required: bool = False) -> date | None:
        """A date without a time, as TOML writes it: 2026-11-22."""
        return self._get(key, date, "a date such as 2026-11-22", required)

    def words(self, key: str, *, required: bool = False, choices: Iterable[str] = ()) -> tuple[str, ...]:
        """A list of texts without repeats; when `choices` are given, each one of them."""
        value = self._get(key, list, "a list of texts", required)
        if value is None:
            return ()
        options = frozenset(choices)
        out: list[str] = []
        for item in value:
            if not isinstance(item, str) or not item.strip():
                self.bad(key, "rule.type", f"{key!r} must hold texts only, not {item!r}")
            elif options and item not in options:
                self.bad(key, "rule.value", f"{key!r} has {item!r}; known: {', '.join(sorted(options))}")
            elif item in out:
                self.bad(key, "rule.repeated", f"{key!r} has {item!r} twice")
            else:
                out.append(item)
        return tuple(out)

    def table(self, key: str, *, required: bool = False) -> Table | None:
        """A table inside this one; the caller must close it."""
        value = self._get(key, dict, "a table", required)
        return None if value is None else Table(value, self.at(key), self.findings)

    def tables(self, key: str) -> list[Table]:
        """The tables of an array ([[key]]); the caller must close each."""
        value = self._get(key, list, "an array of tables", False)
        return [Table(item, f"{self.at(key)}[{n}]", self.findings) for n, item in enumerate(value or ())]

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table with keys of the author's choice; each value is a text or a list of texts."""
        out: dict[str, tuple[str, ...]] = {}
        for name, value in (self._get(key, dict, "a table", False) or {}).items():
            items = value if isinstance(value, list) else [value]
            if all(isinstance(item, str) and item.strip() for item in items):
                out[name] = tuple(items)
            else:
                self.bad(f"{key}.{name}", "rule.type", f"{name!r} must be a text or a list of texts, not {value!r}")
        return out

    def numbers(self, key: str, *, high: int) -> dict[str, int]:
        """A table with keys of the author's choice; each value is a whole number from 0 to `high`."""
        inner = Table(self._get(key, dict, "a table", False) or {}, self.at(key), self.findings)
        return {name: inner.whole(name, high=high) or 0 for name in inner._data}

    def close(self) -> None:
        for key in self._data:
            if key not in self._seen:
                self.bad(key, "rule.unknown_key", f"unknown key {key!r}")


def unique(tables: Iterable[tuple[str, Table]], what: str) -> None:
    """Report every id that is used twice."""
    seen: set[str] = set()
    for ident, table in tables:
        if ident and ident in seen:
            table.bad("id", "rule.repeated", f"{what} {ident!r} is there twice")
        seen.add(ident)
