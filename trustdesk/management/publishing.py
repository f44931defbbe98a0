"""`trustdesk publish dsa | check | verify | list`: the harmonised report, its checker, and what stands for a publication."""

from __future__ import annotations

import hashlib
import json
import os
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.core.management.base import CommandError

from trustdesk import clock, evidence, rules
from trustdesk.core import journal
from trustdesk.flow import checkpoint, publish
from trustdesk.insight import periods, publication
from trustdesk.insight.lake.facts import facts
from trustdesk.insight.transparency import dsa, page
from trustdesk.insight.transparency.check import check as held_against_the_form
from trustdesk.insight.transparency.rules import RULES, Found
from trustdesk.management.base import DONE, FINDINGS, USAGE, Command, operator
from trustdesk.queries import publications

ACTS = ("dsa", "transparency", "check", "verify", "list")


def add_arguments(parser: ArgumentParser) -> None:
    """What these acts take beside what the reports take."""
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="check, verify: folders, zips, workbooks, files"
    )
    parser.add_argument(
        "--texts", type=Path, metavar="FILE", help="dsa: the provider's texts (default: transparency.toml)"
    )
    parser.add_argument("--draft", action="store_true", help="dsa: also without texts and before the period is over")
    parser.add_argument("--public", action="store_true", help="with --record: list it on the transparency page")
    parser.add_argument("--reason", default="", help="with --record: why a version that is public already is made anew")
    parser.add_argument("--json", action="store_true", help="check: findings as JSON, one a line")


def run(command: Command, options: dict[str, Any]) -> None:
    """Do what was asked; leaves with exit code 1 where something was found."""
    acts: dict[str, Callable[[Command, dict[str, Any]], int]] = {
        "dsa": _dsa,
        "transparency": _transparency,
        "check": _check,
        "verify": _verify,
        "list": _list,
    }
    code = acts[options["kind"]](command, options)
    if code:
        raise SystemExit(code)


def _check(command: Command, options: dict[str, Any]) -> int:
    """Hold reports, ours or others', against the form."""
    if not options["paths"]:
        raise CommandError("say what to check: trustdesk publish check PATH...", returncode=USAGE)
    checked = held_against_the_form(options["paths"])
    for one in checked.found:
        command.say(_as_json(one) if options["json"] else _as_text(one))
    parts = ", ".join(map(str, checked.parts)) or "none"
    odd = f", {len(checked.odd)} odd" if checked.odd else ""
    command.note(f"parts read: {parts}; {len(checked.wrong)} broken{odd}\n")
    return FINDINGS if checked.found else DONE


def _as_text(one: Found) -> str:
    rule = RULES[one.rule]
    place = one.file or f"part {one.part}"
    place += f", row {one.row}" if one.row else ""
    place += f", column {one.column!r}" if one.column else ""
    odd = "odd: " if one.doubtful else ""
    return f"{place}: {odd}{one.rule}: {rule.title}: {one.message} [{rule.source}] {rule.remedy}"


def _as_json(one: Found) -> str:
    rule = RULES[one.rule]
    row = {name: getattr(one, name) for name in ("rule", "file", "part", "row", "column", "message", "doubtful")}
    return json.dumps(row | {"title": rule.title, "source": rule.source, "remedy": rule.remedy}, ensure_ascii=False)


def _dsa(command: Command, options: dict[str, Any]) -> int:
    """Make the harmonised report of a period."""
    actor, now = operator(), clock.now()
    try:
        name, first, last = dsa.period(options["period"] or f"{now.year - 1}")
        texts = dsa.read_texts(options["texts"] or Path(settings.HOME) / "transparency.toml", draft=options["draft"])
    except dsa.NotFilled as error:
        raise CommandError(str(error), returncode=USAGE) from error
    if now.date() <= last and not options["draft"]:
        raise CommandError(f"{name} is not over; --draft shows what it will be", returncode=USAGE)
    point = publish.seal_now(actor=actor, now=now)
    inputs = {
        "texts": texts,
        "provider": texts.get("provider") or settings.DESK.legal_name,
        "service": texts.get("service") or settings.DESK.name,
        "role": settings.DESK.service_role,
        "published": now.date().isoformat(),
        "first": first.isoformat(),
        "last": last.isoformat(),
        "categories": _categories(),
        "measures": _measures(),
    }
    if point is None:
        raise CommandError("the ledger is empty: there is nothing to report on", returncode=USAGE)
    tables = facts(publications.lines_at(point)).tables
    files = dsa.parts(tables, inputs)
    for line in dsa.unused(tables, inputs):
        command.note(f"[[figure]] {line}: the ledger's figure stands\n")
    out = options["out"] or Path(f"dsa-{name}")
    _put(out, files)
    command.note(f"{out}: eleven parts for {first} to {last}, from checkpoint {point.pk}\n")
    if options["record"]:
        if options["draft"]:
            raise CommandError("a draft is not recorded", returncode=USAGE)
        for media in ("zip", "xlsx"):
            content = dsa.render(files, media)
            entry = publish.made(
                "dsa", name, media, content, checkpoint_id=point.pk, actor=actor, now=now, inputs=inputs,
                reason=options["reason"], is_public=True,
            )  # fmt: skip
            version = json.loads(entry.body)["version"]
            command.note(f"dsa {name} ({media}): version {version} is signed, recorded and public\n")
    wrong = held_against_the_form([out]).found
    for one in wrong:
        command.note(_as_text(one) + "\n")
    return DONE


def _transparency(command: Command, options: dict[str, Any]) -> int:
    """The figures of the public page for a half-year, quarter, month or year."""
    actor, now = operator(), clock.now()
    try:
        name, first, last = page.period(options["period"] or "", now.date())
        texts = dsa.read_texts(options["texts"] or Path(settings.HOME) / "transparency.toml", draft=True)
    except dsa.NotFilled as error:
        raise CommandError(str(error), returncode=USAGE) from error
    point = publish.seal_now(actor=actor, now=now)
    if point is None:
        raise CommandError("the ledger is empty: there is nothing to report on", returncode=USAGE)
    inputs = {
        "period": name,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "provider": settings.DESK.name,
        "role": settings.DESK.service_role,
        "measures": _measures(),
        "national_security": bool(texts.get("national_security")),
    }
    content = page_bytes(inputs, point)
    if options["out"] is None:
        command.stdout.write(content.decode(), ending="")
    else:
        write(options["out"], content)
    if options["record"]:
        entry = publish.made(
            "transparency", name, "json", content, checkpoint_id=point.pk, actor=actor, now=now, inputs=inputs,
            reason=options["reason"], is_public=True,
        )  # fmt: skip
        command.note(
            f"transparency {name}: version {json.loads(entry.body)['version']} is signed, recorded and public\n"
        )
    return DONE


def page_bytes(inputs: dict[str, Any], point: Any) -> bytes:
    """The figures of the public page as JSON. Raises publications.Broken."""
    found = page.document(facts(publications.lines_at(point)).tables, inputs, publications.named(point))
    return (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()


def dsa_files(inputs: dict[str, Any], point: Any) -> dsa.Parts:
    """The eleven parts from the ledger as it was at a checkpoint. Raises publications.Broken."""
    return dsa.parts(facts(publications.lines_at(point)).tables, inputs)


def _categories() -> dict[str, list[str]]:
    """Category → its names in the report, from the taxonomy."""
    found = {}
    for info in rules.current().taxonomy.categories:
        name, sub = info.maps.get("dsa", ()), info.maps.get("dsa_sub", ())
        found[info.id] = [name[0] if name else "", sub[0] if sub else ""]
    return found


def _measures() -> dict[str, str]:
    """Kind of measure → its name in the Transparency Database, from the policy in force."""
    policy = rules.current().policies[settings.DESK.policy]
    return {measure.kind: measure.dsa for measure in policy.measures if measure.dsa}


def _put(out: Path, files: dsa.Parts) -> None:
    """A folder of CSV files, or one zip or workbook by the ending of its name."""
    media = out.suffix.lower().lstrip(".")
    try:
        if media in ("zip", "xlsx"):
            write(out, dsa.render(files, media))
            return
        out.mkdir(parents=True, exist_ok=True)
        for name, content in dsa.csv_files(files).items():
            write(out / name, content)
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror}", returncode=USAGE) from error


def write(path: Path, content: bytes) -> None:
    """The whole file or none of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _list(command: Command, options: dict[str, Any]) -> int:
    """Every version of everything that was recorded."""
    for one in publications.every():
        shown = "public" if one.is_public else "internal"
        why = f"  {one.reason}" if one.reason else ""
        command.say(
            f"{one.kind} {one.period} {one.format} v{one.version}  {shown}  {one.made_at:%F}  {one.evidence_id}{why}"
        )
    return DONE


def _verify(command: Command, options: dict[str, Any]) -> int:
    """Is this file what the desk published, and does the ledger still say the same?"""
    if len(options["paths"]) != 1:
        raise CommandError("say which file: trustdesk publish verify FILE", returncode=USAGE)
    path = options["paths"][0]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}", returncode=USAGE) from error
    found = publications.of_bytes(hashlib.sha256(content).hexdigest())
    if not found:
        command.say(f"{path}: no publication of this desk has these bytes")
        for line in _nearest(content):
            command.say(f"  {line}")
        return FINDINGS
    problems = [problem for one in found[-1:] for problem in examine(one, content)]
    one = found[-1]
    title = f"{one.kind} {one.period} ({one.format}), version {one.version} of {one.made_at:%Y-%m-%d}"
    newest = publications.of_period(one.kind, one.period, one.format)
    for problem in problems:
        command.say(f"{path}: {title}: {problem}")
    if not problems:
        command.say(
            f"{path}: {title}: the same to the byte, made again from checkpoint {one.checkpoint_id}; well signed"
        )
    if newest is not None and newest.version > one.version:
        command.say(f"  version {newest.version} replaced it on {newest.made_at:%Y-%m-%d}: {newest.reason}")
    return FINDINGS if problems else DONE


def examine(one: publications.Version, content: bytes) -> list[str]:
    """What is wrong with a recorded publication: signature, checkpoint, ledger, bytes. Empty when nothing is."""
    problems = []
    if not _signed(one):
        problems.append("the signature is not good")
    if one.checkpoint is None:
        return [*problems, "it was made before there was a checkpoint, so the ledger of that day cannot be shown"]
    root, entries = publications.leaves_at(one.checkpoint)
    point = one.checkpoint
    digest = journal.checkpoint_hash(
        at=point.at, entries=point.entries, leaves=point.leaves, root=point.root, prev=point.prev, key=point.key
    )
    if (root, entries, digest) != (point.root, point.entries, point.hash) or not _good(
        point.key, digest, point.signature
    ):
        problems.append(f"checkpoint {point.pk} is not what was signed")
    try:
        made = remake(one)
    except publications.Broken as broken:
        return [*problems, f"the ledger is not what it was: {broken}"]
    if made != content:
        problems += [f"made again it differs: {line}" for line in dsa.differences(content, made, one.format)]
        if one.software != publish.software():
            problems.append(f"it was made by {one.software}; this is {publish.software()}")
    return problems


def remake(one: publications.Version) -> bytes:
    """The publication made again from the ledger as it was at its checkpoint. Raises publications.Broken."""
    if one.kind == "dsa":
        return dsa.render(dsa_files(one.inputs, one.checkpoint), one.format)
    if one.kind == "transparency":
        return page_bytes(one.inputs, one.checkpoint)
    from trustdesk.insight.publications.formats import write as rendered

    period = periods.named(one.kind, one.period)
    document = publication.account(
        publications.lines_at(one.checkpoint),  # type: ignore[arg-type]
        period,
        checkpoint=publications.named(one.checkpoint),
        provider=one.inputs.get("provider", settings.DESK.name),
    )
    return rendered(one.format, document, one.inputs.get("language", "en"))


def _signed(one: publications.Version) -> bool:
    return _good(one.key, journal.canonical(publish.statement(one)), one.signature)


def _good(key: str, text: str, signature: str) -> bool:
    """Whether a key of this desk with that fingerprint signed the text."""
    for path in sorted(Path(settings.KEYS_DIR).glob("*.pub")):
        public = load_pem_public_key(path.read_bytes())
        if isinstance(public, Ed25519PublicKey) and checkpoint.fingerprint(public) == key:
            try:
                public.verify(bytes.fromhex(signature), text.encode())
            except (InvalidSignature, ValueError):
                return False
            return True
    return False


def _nearest(content: bytes) -> list[str]:
    """Where a file differs from the publication that it seems to be."""
    for one in publications.every()[-200:][::-1]:
        try:
            kept = evidence.get(one.evidence_id)
        except (evidence.Erased, OSError):
            continue
        lines = dsa.differences(kept, content, one.format)
        if lines and len(lines) <= 20:
            return [f"nearest is {one.kind} {one.period} ({one.format}) version {one.version}", *lines]
    return []
