"""Checkpoints beside writers at work, proofs out of them, witnesses, and the key that signs."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tests.verify.test_tamper import drop_triggers
from tests.verify.world import ANA, OPERATOR, World, world
from trustdesk.flow import checkpoint, record
from trustdesk.models import Case, Checkpoint, CheckpointHead, DeskChain, Entry
from trustdesk.verify import check, hashing
from trustdesk.verify.tree import root_from_path


@pytest.fixture
def desk(now: datetime, tmp_path: Path, db: None) -> Iterator[World]:
    with world(now, tmp_path) as here:
        yield here


def findings() -> list[str]:
    return [str(f) for f in check() if not f.note]


def make(world: World) -> Checkpoint | None:
    return checkpoint.checkpoint(now=world.now, actor=OPERATOR)


def verify(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        call_command("verify", *arguments)
    assert isinstance(left.value.code, int)
    return left.value.code


def test_a_checkpoint_says_what_the_ledger_is(desk: World) -> None:
    first = make(desk)  # over the desk's own chain: the inventory was read
    assert first is not None
    assert (first.leaves, first.entries, first.prev) == (1, DeskChain.objects.get().seq, "")
    assert make(desk) is None, "nothing is new"
    case = desk.case()
    second = make(desk)
    assert second is not None
    assert (second.leaves, second.entries, second.prev) == (2, Entry.objects.count(), first.hash)
    moved = CheckpointHead.objects.filter(checkpoint=second).values_list("chain", "seq", "hash")
    case.refresh_from_db()
    assert list(moved) == [(case.pk, case.seq, case.head)], "only heads that moved are written"
    desk.case("https://blog-1.example/a")
    third = make(desk)
    assert third is not None
    assert third.leaves == 3
    assert findings() == []


def test_the_key_is_made_once_for_its_owner_alone(desk: World) -> None:
    keys = Path(settings.KEYS_DIR)
    threads = [threading.Thread(target=checkpoint.signing_key) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(p.name for p in keys.glob("checkpoint*")) == ["checkpoint.ed25519", "checkpoint.ed25519.pub"]
    assert stat.S_IMODE((keys / "checkpoint.ed25519").stat().st_mode) == 0o600
    name = checkpoint.fingerprint(checkpoint.signing_key().public_key())
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", str(keys / "checkpoint.ed25519.pub"), "-outform", "DER"],
        capture_output=True,
        check=True,
    )
    assert name == hashlib.sha256(der.stdout).hexdigest()


def test_another_program_can_check_the_signature(desk: World, tmp_path: Path) -> None:
    made = make(desk)
    assert made is not None
    (tmp_path / "hash").write_bytes(made.hash.encode())
    (tmp_path / "signature").write_bytes(bytes.fromhex(made.signature))
    key = str(Path(settings.KEYS_DIR) / "checkpoint.ed25519.pub")
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin"]
    command += ["-in", str(tmp_path / "hash"), "-sigfile", str(tmp_path / "signature")]
    assert b"Verified Successfully" in subprocess.run(command, capture_output=True, check=True).stdout


def test_the_key_may_change_if_the_old_one_is_kept(desk: World) -> None:
    make(desk)
    keys = Path(settings.KEYS_DIR)
    (keys / "checkpoint.ed25519").unlink()
    (keys / "checkpoint.ed25519.pub").rename(keys / "checkpoint-2026.ed25519.pub")
    desk.case()
    make(desk)
    assert len(set(Checkpoint.objects.values_list("key", flat=True))) == 2
    assert findings() == []


def test_signed_by_somebody_else(desk: World) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    made = make(desk)
    assert made is not None
    drop_triggers()
    stranger = Ed25519PrivateKey.generate().sign(made.hash.encode()).hex()
    Checkpoint.objects.filter(pk=made.pk).update(signature=stranger)
    assert [f.partition(" the ")[0] for f in findings()] == [
        f"FINDING checkpoint.signature trustdesk_checkpoint/{made.pk}"
    ]


def test_proof_of_a_case(desk: World, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [desk.case(f"https://{host}/x") for host in ("shop-1.example", "shop-2.example", "blog-1.example")]
    make(desk)
    cases.append(desk.case("https://unknown.example/x"))
    for case in cases[:3]:
        case.refresh_from_db()
        call_command("verify", "--proof", case.code)
        said = json.loads(capsys.readouterr().out)
        assert (said["chain"], said["seq"], said["head"]) == (case.pk, case.seq, case.head)
        leaf = hashing.of_head(said["chain"], said["seq"], said["head"])
        root = root_from_path(leaf, said["index"], said["leaves"], [bytes.fromhex(node) for node in said["path"]])
        assert root.hex() == said["root"] == said["checkpoint"]["root"] == Checkpoint.objects.get().root
    for missing in (cases[3].code, "C-0000-00", "nonsense"):
        with pytest.raises(CommandError, match="no checkpoint holds"):
            call_command("verify", "--proof", missing)
    make(desk)
    call_command("verify", "--proof", cases[3].code)
    assert json.loads(capsys.readouterr().out)["leaves"] == 5


def test_a_proof_speaks_of_the_checkpoint_and_not_of_now(desk: World, capsys: pytest.CaptureFixture[str]) -> None:
    case = desk.case()
    make(desk)
    case.refresh_from_db()
    with transaction.atomic(), record.locked(case.pk) as locked:
        record.record(locked, "case.read", {"unread": 0}, actor=ANA, now=desk.now)
    call_command("verify", "--proof", case.code)
    said = json.loads(capsys.readouterr().out)
    assert (said["seq"], said["current_seq"]) == (case.seq, case.seq + 1)


def test_witness(desk: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="has not made a checkpoint yet"):
        call_command("verify", "--export")
    make(desk)
    call_command("verify", "--export")
    file = tmp_path / "witness.json"
    file.write_text(capsys.readouterr().out)
    desk.case()
    make(desk)
    assert verify("--checkpoint", str(file)) == 0
    # The whole ledger is written anew, with all the keys in hand: only the witness knows.
    drop_triggers()
    CheckpointHead.objects.all().delete()
    Checkpoint.objects.all().delete()
    desk.pass_time(days=1)
    make(desk)
    assert verify() == 0
    assert verify("--checkpoint", str(file)) == 1
    assert "checkpoint.not_as_witnessed" in capsys.readouterr().out
    changed = json.loads(file.read_text()) | {"hash": Checkpoint.objects.get().hash}
    file.write_text(json.dumps(changed))
    assert verify("--checkpoint", str(file)) == 1
    for bad in ("", "[]", "{}", '{"number": 1}'):
        file.write_text(bad)
        with pytest.raises(CommandError):
            call_command("verify", "--checkpoint", str(file))


def test_key(desk: World, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="key"):
        call_command("verify", "--key")
    name = checkpoint.fingerprint(checkpoint.signing_key().public_key())
    call_command("verify", "--key")
    out = capsys.readouterr().out
    assert out.startswith(f"# sha256 {name}\n-----BEGIN PUBLIC KEY-----")


@pytest.mark.django_db(transaction=True)
def test_beside_writers_and_other_checkpoints(now: datetime, tmp_path: Path) -> None:
    """Every checkpoint made while others write holds heads that were really there, all of one moment."""
    with world(now, tmp_path) as here:
        cases = [here.case(f"https://{host}/x").pk for host in ("shop-1.example", "shop-2.example", "blog-1.example")]
        make(here)
        stop = threading.Event()
        faults: list[BaseException] = []

        def write(turn: int) -> None:
            try:
                while not stop.is_set():
                    turn += 1
                    with record.locked(cases[turn % 3]) as case:
                        record.record(case, "case.read", {"unread": 0}, actor=ANA, now=here.now)
            except BaseException as error:
                faults.append(error)
            finally:
                connection.close()

        def watch() -> None:
            try:
                for _ in range(6):
                    checkpoint.checkpoint(now=here.now, actor=OPERATOR)
            except BaseException as error:
                faults.append(error)
            finally:
                connection.close()

        writers = [threading.Thread(target=write, args=(n,)) for n in range(2)]
        watchers = [threading.Thread(target=watch) for _ in range(2)]
        for thread in (*writers, *watchers):
            thread.start()
        during = findings()
        for thread in watchers:
            thread.join(60)
        stop.set()
        for thread in writers:
            thread.join(60)
        assert faults == []
        assert during == [], "verify sees one moment while others write"
        assert findings() == []
        made = list(Checkpoint.objects.order_by("pk"))
        assert len(made) > 2
        assert all(later.entries > earlier.entries for earlier, later in zip(made, made[1:], strict=False))
        assert Case.objects.count() == 3
        assert made[-1].at - now < timedelta(hours=1)
