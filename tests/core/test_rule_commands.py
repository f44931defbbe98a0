"""`trustdesk clock` and `trustdesk rulebook`: exact output, exit codes, and no database (none is allowed in these tests)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from trustdesk.cli import main
from trustdesk.rules import Rulebook

KEYS = ["not_before", "due", "kind", "calendar", "calendar_version", "skipped_days", "source"]
POLICY = Path(__file__).resolve().parents[2] / "rulebook/policies/example-host/policy.toml"


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_clock_prints_exactly_this(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = output(
        capsys, "clock", "us-dmca-512c", "putback", "--from", "2026-11-20T15:00-06:00", "--location", "US"
    )
    answer = json.loads(out)
    assert (code, err, list(answer)) == (0, "", KEYS)
    assert (answer["not_before"], answer["due"]) == ("2026-12-07", "2026-12-11")
    assert (answer["kind"], answer["calendar"], answer["source"]) == (
        "statutory",
        "us-federal-business",
        "17 USC 512(g)(2)(C)",
    )
    assert "2026-11-26" in answer["skipped_days"] and answer["calendar_version"].startswith("1 US@")


@pytest.mark.parametrize(
    ("at", "due"),
    [("2026-12-25T23:30Z", "2026-12-26T00:30:00Z"), ("2026-12-25T23:30+00:00", "2026-12-26T00:30:00+00:00"),
     ("2026-12-25T23:30:15.5-05:00", "2026-12-26T00:30:15.500000-05:00")],
)  # fmt: skip
def test_hours_are_answered_as_times(capsys: pytest.CaptureFixture[str], at: str, due: str) -> None:
    code, out, _ = output(capsys, "clock", "eu-tco", "remove", "--from", at)
    assert code == 0
    assert (json.loads(out)["not_before"], json.loads(out)["due"], json.loads(out)["skipped_days"]) == (None, due, [])


def test_every_numbered_clock_answers(capsys: pytest.CaptureFixture[str], book: Rulebook) -> None:
    for regime in book.regimes.values():
        for rule in regime.clocks:
            code, out, _ = output(
                capsys,
                "clock",
                regime.id,
                f"{regime.id}.ck.{rule.id}",
                "--from",
                "2027-05-14T10:00-04:00",
                "--location",
                "us",
            )
            answer = json.loads(out)
            assert code == 0 and list(answer) == KEYS
            assert rule.has_number == (answer["not_before"] is not None or answer["due"] is not None), rule.id
            assert answer["kind"] in ("statutory", "contract", "target") and answer["source"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["clock"], "required"),
        (["clock", "no-such", "x", "--from", "2026-01-01T00:00Z"], "there is no regime 'no-such'"),
        (["clock", "../us-dmca-512c", "x", "--from", "2026-01-01T00:00Z"], "there is no regime"),
        (["clock", "us-dmca-512c", "nope", "--from", "2026-01-01T00:00Z"], "it has: takedown"),
        (["clock", "us-dmca-512c", "putback"], "--from is needed"),
        (["clock", "us-dmca-512c", "putback", "--from", "tomorrow"], "is not a time"),
        (["clock", "us-dmca-512c", "putback", "--from", "2026-01-01T00:00"], "no offset"),
        (["clock", "us-dmca-512c", "putback", "--from", "2060-01-01T00:00Z"], "covers 2015 to 2050"),
        (
            ["clock", "icann-udrp", "lock-verify", "--from", "2026-01-01T00:00Z", "--location", "XX"],
            "no calendar of days off",
        ),
        (["rulebook"], "required"),
        (["rulebook", "show", "no-such"], "no regime or policy"),
        (["rulebook", "diff", "/nonexistent", str(POLICY)], "No such file"),
    ],
)
def test_wrong_usage_is_two(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    code, out, err = output(capsys, *arguments)
    assert (code, out) == (2, "") and says in err


def test_what_is_off_or_not_in_force_is_said_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = output(capsys, "clock", "mx-lfda-114-octies", "restore", "--from", "2026-12-11T10:00-06:00")
    assert "switched off" in err
    _, _, err = output(capsys, "clock", "us-take-it-down", "remove", "--from", "2026-05-18T10:00-04:00")
    assert "not in force" in err
    _, _, err = output(capsys, "clock", "icann-udrp", "lock-verify", "--from", "2026-05-18T10:00-04:00")
    assert "Saturdays and Sundays only" in err


def test_the_clocks_of_a_regime(capsys: pytest.CaptureFixture[str], book: Rulebook) -> None:
    code, out, _ = output(capsys, "clock", "icann-udrp")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and [row["clock"] for row in rows] == [rule.id for rule in book.regimes["icann-udrp"].clocks]


def test_check_passes_on_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = output(capsys, "rulebook", "check")
    assert code == 0 and "all good" in out


def test_check_finds_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path, book: Rulebook) -> None:
    shutil.copytree(book.root, tmp_path / "r")
    path = tmp_path / "r/regimes/us-dmca-512c/regime.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("low = 10", "low = 11"), encoding="utf-8")
    code, out, err = output(capsys, "rulebook", "check", str(tmp_path / "r"))
    assert code == 1 and "us-dmca-512c.case:6" in out and "findings" in err
    path.write_text("x", encoding="utf-8")
    code, out, _ = output(capsys, "rulebook", "check", str(tmp_path / "r"))
    assert code == 1 and "regimes/us-dmca-512c/regime.toml:1" in out


def test_list_and_show(capsys: pytest.CaptureFixture[str], book: Rulebook) -> None:
    code, out, _ = output(capsys, "rulebook", "list", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and {row["id"] for row in rows} == book.regimes.keys() | book.policies.keys()
    code, out, _ = output(capsys, "rulebook", "show", "us-dmca-512c")
    assert code == 0 and "10 to 14 business days" in out and "## What we do not do" in out
    code, out, _ = output(capsys, "rulebook", "show", "us-dmca-512c", "--source")
    assert out.startswith('id = "us-dmca-512c"')
    code, out, _ = output(capsys, "rulebook", "show", "example-cdn")
    assert code == 0 and "Ladder of measures" in out


def test_diff_over_decided_cases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    new.write_text(
        POLICY.read_text(encoding="utf-8").replace("min_reasons = 40", "min_reasons = 100"), encoding="utf-8"
    )
    case = {"id": "2026-000007", "category": "phishing", "role": "hosting", "outcome": "measures", "ground": "policy",
            "clause": "2.1", "reasons_length": 50, "measures": [["path_block", "a1", "url", "hosting"]]}  # fmt: skip
    decided = tmp_path / "decided.jsonl"
    decided.write_text(
        json.dumps(case) + "\n\n" + json.dumps({**case, "id": "8", "reasons_length": 150}) + "\n", encoding="utf-8"
    )
    code, out, _ = output(capsys, "rulebook", "diff", str(POLICY), str(new), "--decided", str(decided))
    assert code == 0
    assert "changed  min reasons: 40 → 100" in out
    assert "case 2026-000007: allowed: allowed → refused: decision.reasons_short" in out
    assert "1 of 2 decisions would have come out differently" in out
    decided.write_text("{}\n", encoding="utf-8")
    assert output(capsys, "rulebook", "diff", str(POLICY), str(new), "--decided", str(decided))[0] == 2
    new.write_text("id = 1", encoding="utf-8")
    assert output(capsys, "rulebook", "diff", str(POLICY), str(new))[0] == 1


def test_who_waits_for_another_reason_waits_all_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    new.write_text(
        POLICY.read_text(encoding="utf-8").replace("rung = 2\n", "rung = 2\nsevere = true\n"), encoding="utf-8"
    )
    case = {"id": "7", "category": "phishing", "role": "hosting", "outcome": "measures", "ground": "policy", "clause": "2.1",
            "reasons_length": 50, "measures": [["path_block", "a1", "url", "hosting"]]}  # fmt: skip
    decided = tmp_path / "decided.jsonl"
    decided.write_text(json.dumps(case) + "\n" + json.dumps({**case, "id": "8", "protected": True}), encoding="utf-8")
    _, out, _ = output(capsys, "rulebook", "diff", str(POLICY), str(new), "--decided", str(decided))
    assert "case 7: second person: not needed → " in out and "case 8" not in out
    assert "1 of 2 decisions would have come out differently" in out


def test_diff_of_two_versions_of_a_law(capsys: pytest.CaptureFixture[str], tmp_path: Path, book: Rulebook) -> None:
    old = book.root / "regimes/us-dmca-512c/regime.toml"
    new = tmp_path / "regime.toml"
    text = old.read_text(encoding="utf-8").replace("low = 10", "low = 5").replace('id = "redflag"', 'id = "red-flag"')
    new.write_text(text.replace('roles = ["hosting"]', 'roles = ["hosting", "search"]'), encoding="utf-8")
    code, out, _ = output(capsys, "rulebook", "diff", str(old), str(new))
    assert code == 0
    assert set(out.splitlines()) == {
        "added    clocks red-flag: Remove what the provider itself knows or plainly sees to infringe",
        "removed  clocks redflag: Remove what the provider itself knows or plainly sees to infringe",
        "changed  clocks putback low: 10 → 5",
        "changed  applies roles: hosting → hosting, search",
    }
    assert output(capsys, "rulebook", "diff", str(old), str(POLICY))[0] == 2
