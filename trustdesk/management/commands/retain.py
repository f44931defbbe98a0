"""`trustdesk retain`: what is kept and why, what would go today; with --do-it, erase it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from datetime import datetime
from typing import Any

from django.conf import settings

from trustdesk import clock
from trustdesk.core.types import Refused
from trustdesk.flow import forget, retention
from trustdesk.management.base import Command as Base
from trustdesk.management.base import alone, operator


class Command(Base):
    """A dry run unless told to do it."""

    help = "say what retention rules keep and what would go today; erases only with --do-it"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to show, and whether to act."""
        parser.add_argument("--do-it", action="store_true", help="erase what may go; without it nothing changes")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--kept", action="store_true", help="list what is kept too, with each reason")
        parser.add_argument("--limit", type=int, metavar="N", help="look at the oldest N pieces only")

    def handle(self, *args: Any, do_it: bool, json: bool, kept: bool, limit: int | None, **options: Any) -> None:
        """One line for each piece that goes (or is kept, with --kept), and the sums."""
        with alone(settings.HOME / "retain.lock", wait=5, why="another run of `trustdesk retain` is under way"):
            self._go(do_it, json, kept, limit)

    def _go(self, do_it: bool, as_json: bool, kept: bool, limit: int | None) -> None:
        now = clock.now()
        sums: Counter[str] = Counter()
        for held in retention.review(now, limit=limit):
            word = "kept" if held.verdict.keep else "would go"
            if not held.verdict.keep and do_it:
                try:
                    retention.carry_out(held, actor=operator(), now=clock.now())
                    word = "erased"
                except (Refused, ValueError) as error:
                    self.note(f"{held.digest}: {error}")
                    word = "refused"
            sums[word] += 1
            sums[f"{word} bytes"] += held.size
            if word != "kept" or kept:
                self._line(held, word, as_json)
        for words in forget.review(now, limit=limit):
            self._words(words, sums, do_it=do_it, as_json=as_json, kept=kept)
        self._aside(now, do_it=do_it, as_json=as_json)
        total = {n: sums[n] for n in ("kept", "would go", "erased", "refused") if sums[n]}
        cases = {n: sums[f"words {n}"] for n in ("kept", "would go", "erased", "refused") if sums[f"words {n}"]}
        size = sums["erased bytes"] or sums["would go bytes"]
        rows = {name: sums[f"rows {name}"] for name in forget.KINDS if sums[f"rows {name}"]}
        if as_json:
            self.say_json(
                ({"rows": rows} if rows else {})
                | {
                    "summary": total,
                    "words": cases,
                    "bytes": size,
                    "dry_run": not do_it,
                    "rulebook": retention.version(),
                }
            )
        else:
            told = ", ".join(f"{n} {word}" for word, n in total.items()) or "nothing is older than a month"
            if cases:
                told += "; words of people: " + ", ".join(f"{n} {word}" for word, n in cases.items()) + " (cases)"
            if rows:
                told += " with " + ", ".join(f"{n} {name}" for name, n in rows.items())
            self.say(f"{told}; {size} bytes{'' if do_it else '. This was a dry run: --do-it erases'}")

    def _words(self, words: forget.Words, sums: Counter[str], *, do_it: bool, as_json: bool, kept: bool) -> None:
        """What a case holds of people: letters, parties, indicators, facts, the words of decisions and appeals."""
        word = "kept" if words.verdict.keep else "would go"
        if word != "kept" and do_it:
            try:
                forget.forget(words.case, "; ".join(words.verdict.why), actor=operator(), now=clock.now())
                word = "erased"
            except Refused as error:
                self.note(f"{words.code}: {error}")
                word = "refused"
        sums[f"words {word}"] += 1
        if word == "kept" and not kept:
            return
        counts = words.counts()
        if word in ("would go", "erased"):
            sums.update({f"rows {name}": n for name, n in counts.items()})
        if as_json:
            self.say_json({"words": words.code, **counts, "what": word, "why": words.verdict.why})
        else:
            held = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
            self.say(f"{word:8} words of {words.code} ({held}): {'; '.join(words.verdict.why)}")

    def _aside(self, now: datetime, *, do_it: bool, as_json: bool) -> None:
        """Names in mail that was no report and belongs to no case."""
        reports = parties = 0
        while (
            gone := forget.forget_aside(actor=operator(), now=now) if do_it else forget.aside(now)
        ).reports or gone.parties:
            reports, parties = reports + len(gone.reports), parties + len(gone.parties)
            if not do_it:
                break
        word = "erased" if do_it else "would go"
        if as_json and (reports or parties):
            self.say_json({"words": "set aside", "letters": 0, "reports": reports, "parties": parties, "what": word})
        elif reports or parties:
            self.say(f"{word:8} words of mail that was no report ({reports} reports, {parties} parties)")

    def _line(self, held: retention.Held, word: str, as_json: bool) -> None:
        if as_json:
            self.say_json(
                {
                    "evidence": held.digest,
                    "cases": held.cases,
                    "size": held.size,
                    "stored_at": held.stored_at.isoformat(),
                    "what": word,
                    "must_go": held.verdict.must_go,
                    "until": held.until,
                    "why": held.verdict.why,
                }
            )
        else:
            self.say(f"{word:8} {held.digest[:16]} {', '.join(held.cases) or 'no case'}: {'; '.join(held.verdict.why)}")
