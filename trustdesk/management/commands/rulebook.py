"""`trustdesk rulebook check | list | show ID | diff OLD NEW`: the law and the house policy; no database but for
`diff --replay`."""

from __future__ import annotations

import json
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from trustdesk import clock, rules
from trustdesk.core.policies import Policy, parse_policy
from trustdesk.core.policy_diff import Decided, changes, regime_changes, replay
from trustdesk.core.regime_file import parse_regime
from trustdesk.core.regimes import Regime
from trustdesk.core.rule_pages import policy_page, regime_page
from trustdesk.core.strict import BadRules
from trustdesk.core.types import Finding
from trustdesk.flow.letters.check import check as check_letters
from trustdesk.queries import law

USAGE, FINDINGS = 2, 1


class Command(BaseCommand):
    help = "Check, list, show and compare the rules of the desk."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="check | list | show | diff")
        check = verbs.add_parser("check", help="read everything strictly and run the law tests")
        check.add_argument("path", nargs="?", type=Path, help="a rulebook's folder; default: the one in use")
        listing = verbs.add_parser("list", help="every regime and policy on a line")
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        show = verbs.add_parser("show", help="one regime or policy as a cited page")
        show.add_argument("id", help="id of a regime or policy")
        show.add_argument("--source", action="store_true", help="the file itself")
        diff = verbs.add_parser(
            "diff", help="what changes between two versions of a policy or regime, and for which decisions"
        )
        diff.add_argument("old", type=Path, help="the older policy.toml or regime.toml")
        diff.add_argument("new", type=Path, help="the newer one")
        diff.add_argument("--decided", type=Path, help="decided cases, one JSON object a line (docs/use/law.md)")
        diff.add_argument(
            "--replay",
            type=int,
            nargs="?",
            const=92,
            metavar="DAYS",
            help="this desk's decisions of the last DAYS days (92)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"do_{options['verb']}")(options)

    def do_check(self, options: dict[str, Any]) -> None:
        findings: list[Finding] = []
        cases = 0
        book = None
        try:
            book = rules.load(options["path"])
        except rules.RulebookError as error:
            findings += error.findings
        if book is not None:
            cases, failed = rules.law_tests(book)
            findings += failed
            findings += [
                Finding("desk.unknown_regime", f"{name} names {ident!r}, and there is no such regime", "desk.toml")
                for name in ("switched_on", "switched_off")
                for ident in getattr(settings.DESK, name)
                if ident not in book.regimes
            ]
        findings += check_letters()
        for finding in findings:
            self.stdout.write(f"{finding.field}: {finding.message}")
        if findings:
            raise CommandError(f"findings: {len(findings)}", returncode=FINDINGS)
        if book is not None:
            self.stdout.write(
                f"{len(book.regimes)} regimes, {len(book.policies)} policies, {len(book.calendars.places)} places, "
                f"{cases} law tests: all good"
            )

    def do_list(self, options: dict[str, Any]) -> None:
        for row in rows(self._load()):
            if options["json"]:
                self.stdout.write(json.dumps(row, ensure_ascii=False))
            else:
                self.stdout.write(f"{row['kind']:8} {row['id']:24} {row['version']:14} {row['state']:9} {row['title']}")

    def do_show(self, options: dict[str, Any]) -> None:
        book = self._load()
        ident = options["id"]
        rule = book.regimes.get(ident) or book.policies.get(ident)
        if rule is None:
            raise CommandError(f"there is no regime or policy {ident!r}", returncode=USAGE)
        if options["source"]:
            self.stdout.write(book.texts[rule.digest][2])
        elif isinstance(rule, Policy):
            self.stdout.write(policy_page(rule))
        else:
            self.stdout.write(regime_page(rule))

    def do_diff(self, options: dict[str, Any]) -> None:
        old, new = self._rule(options["old"]), self._rule(options["new"])
        if isinstance(old, Policy) and isinstance(new, Policy):
            found = changes(old, new)
        elif isinstance(old, Regime) and isinstance(new, Regime):
            found = regime_changes(old, new)
        else:
            raise CommandError("one of the files is a policy and the other a regime", returncode=USAGE)
        for change in found:
            arrow = f"{change.old} → {change.new}" if change.kind == "changed" else change.old or change.new
            self.stdout.write(f"{change.kind:8} {change.where}: {arrow}")
        if (options["decided"] or options["replay"]) and isinstance(old, Policy) and isinstance(new, Policy):
            decided = self._decided(options["decided"]) if options["decided"] else self._here(options["replay"])
            different = replay(old, new, decided)
            for item in different:
                self.stdout.write(f"case {item.id}: {item.what}: {item.old} → {item.new}")
            count = len({d.id for d in different})
            self.stdout.write(f"{count} of {len(decided)} decisions would have come out differently")

    def _load(self) -> rules.Rulebook:
        try:
            return rules.load(everything=False)
        except rules.RulebookError as error:
            raise CommandError(f"the rulebook is not usable\n{error}", returncode=FINDINGS) from error

    def _rule(self, path: Path) -> Policy | Regime:
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            parse = parse_regime if "applies" in document else parse_policy
            return parse(document, file=str(path))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CommandError(f"{path}: {error}", returncode=USAGE) from error
        except BadRules as error:
            raise CommandError(str(error), returncode=FINDINGS) from error

    def _decided(self, path: Path) -> list[Decided]:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error), returncode=USAGE) from error
        return [self._case(line, f"{path}:{n}") for n, line in enumerate(lines, 1) if line.strip()]

    def _here(self, days: int) -> list[Decided]:
        """The desk's own decisions; the one part of this command that reads the database."""
        now = clock.now()
        return list(law.decided(now - timedelta(days=days), now))

    def _case(self, line: str, where: str) -> Decided:
        try:
            return Decided.read(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{where}: {error!r}", returncode=USAGE) from error


def rows(book: rules.Rulebook) -> Iterable[dict[str, str]]:
    """Every regime and policy as a row."""
    for ident in sorted(book.regimes):
        regime = book.regimes[ident]
        yield {
            "kind": "regime",
            "id": ident,
            "version": regime.version,
            "state": regime.switch,
            "confidence": regime.confidence,
            "title": regime.title,
            "digest": regime.digest,
        }
    for policy in book.versions:
        begins = policy.valid_from if policy.valid_from > clock.now().date() else None
        yield {
            "kind": "policy",
            "id": policy.id,
            "version": policy.version,
            "state": "on"
            if policy is book.policies[policy.id]
            else f"from {begins}"
            if begins
            else f"until {policy.valid_to}",
            "confidence": "",
            "title": policy.title,
            "digest": policy.digest,
        }
