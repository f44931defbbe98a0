"""How well is real mail read? Runs the reader and the scorer over a corpus and prints the figures.

    python benchmarks/corpus.py CORPUS [--worst 20] [--groups]

CORPUS is a folder with `abuse_mail.jsonl`, `dmca.jsonl`, `government_orders.jsonl`, `xarf/` and `score.py`; nothing of
it is copied. `--groups` also prints the figures for five groups of senders (docs/use/reading.md says how they were used).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from trustdesk.core.types import Form, Reading, Role  # noqa: E402
from trustdesk.interfaces.reading import read  # noqa: E402
from trustdesk.reading import canonical  # noqa: E402

FORMS = {
    "notice": Form.DMCA,
    "counter_notice": Form.COUNTER_NOTICE,
    "retraction": Form.RETRACTION,
    "reversal": Form.RETRACTION,
}
_QUESTION = re.compile(r"(?m)^\*\*(.{10,1200}?)\*\*:?\s*$")
_WRONG = re.compile(r"(?m)^\| `([0-9a-f]{10}\.eml)` \| (targets|category) \|")
_URL = re.compile(r"https?://[^\s<>\]\"*]+")


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def scorer(corpus: Path) -> ModuleType:
    """The corpus' own scorer as a module."""
    spec = importlib.util.spec_from_file_location("score", corpus / "score.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mail(corpus: Path, worst: int, groups: bool) -> None:
    """Figures on the abuse mail, by the corpus' scorer; and by group of senders."""
    score = scorer(corpus)
    truth = rows(corpus / "abuse_mail.jsonl")
    started = time.process_time()
    readings: dict[str, Reading] = {}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as out:
        for row in truth:
            reading = read((corpus / row["file"]).read_bytes())
            readings[row["file"]] = reading
            line = {
                "file": row["file"],
                "category": reading.category.value if reading.category else None,
                "indicators": [{"kind": i.kind, "value": i.value, "role": i.role.value} for i in reading.indicators],
            }
            out.write(json.dumps(line) + "\n")
        out.flush()
        spent = time.process_time() - started
        sys.argv = ["score.py", out.name, "--index", str(corpus / "abuse_mail.jsonl"), "--worst", str(worst)]
        print(f"== abuse mail: {len(truth)} mails, {spent / len(truth) * 1000:.2f} ms of processor time each")
        score.main()
    _without_wrong(truth, readings, score)
    print("forms:", dict(Counter(r.form.value for r in readings.values())))
    if groups:
        _groups(truth, readings, score)


def _without_wrong(truth: list[dict[str, Any]], readings: dict[str, Reading], score: ModuleType) -> None:
    """The same figures without the answers that docs/use/reading.md lists as wrong."""
    listed = set(_WRONG.findall((ROOT / "docs/use/reading.md").read_text("utf-8")))
    recalls, noises, clean, right, labelled = [], [], 0, 0, 0
    for row in truth:
        name = Path(row["file"]).name
        reading = readings[row["file"]]
        if row.get("targets") and (name, "targets") not in listed:
            recall, noise = score.score(row["targets"], [{"kind": i.kind, "value": i.value} for i in reading.targets])
            recalls.append(recall)
            noises.append(noise)
            clean += recall == 1 and noise == 0
        if row.get("category") and (name, "category") not in listed:
            labelled += 1
            right += reading.category == row["category"]
    n = len(recalls)
    print(
        f"without {len(listed)} answers listed as wrong: recall {sum(recalls) / n:.4f}  noise {sum(noises) / n:.3f}  "
        f"clean {clean / n:.4f}  category {right / labelled:.4f}"
    )


def group_of(sender: str) -> int:
    """One of five groups, by the sender's name alone."""
    return int(hashlib.sha1(sender.encode(), usedforsecurity=False).hexdigest(), 16) % 5


def _groups(truth: list[dict[str, Any]], readings: dict[str, Reading], score: ModuleType) -> None:
    sums: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in truth:
        total = sums[group_of(row["sender"])]
        reading = readings[row["file"]]
        if row.get("targets"):
            given = [{"kind": i.kind, "value": i.value} for i in reading.targets]
            recall, noise = score.score(row["targets"], given)
            total.update(mails=1, noise=noise, clean=int(recall == 1 and noise == 0))
            total["recall"] += recall  # type: ignore[assignment]
        if row.get("category"):
            total.update(labelled=1, right=int(reading.category == row["category"]))
    for number, total in sorted(sums.items()):
        n = total["mails"]
        print(
            f"  group {number}: {n} mails  recall {total['recall'] / n:.3f}  noise {total['noise'] / n:.2f}  "
            f"clean {total['clean'] / n:.3f}  category {total['right'] / total['labelled']:.3f}"
        )


def dmca(corpus: Path) -> None:
    """Form of each notice; on question forms, that what is complained about is found and the original work is not."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    forms = targets = missed = taken = 0
    wrong: list[str] = []
    for row in rows(corpus / "dmca.jsonl"):
        raw = (corpus / row["file"]).read_bytes()
        reading = read(raw)
        total[row["form"]] += 1
        if reading.form == FORMS[row["form"]]:
            right[row["form"]] += 1
        else:
            wrong.append(f"{row['file']} {row['form']} read as {reading.form.value}")
        found = _answers(raw.decode("utf-8", "replace"))
        if row["form"] != "notice" or not found or not found[0]:
            continue
        asked, original = found
        given = {i.value for i in reading.indicators if i.role is Role.TARGET}
        forms += 1
        targets += len(asked)
        missed += sum(not any(g == a or g.startswith(a.rstrip("/)")) for g in given) for a in asked)
        taken += len((original - asked) & given)
    print("== notices under 17 USC 512")
    for kind, count in total.items():
        print(f"  {kind:15} form right {right[kind]}/{count} = {right[kind] / count:.4f}")
    print(
        f"  question forms {forms}: {targets} complained-about URLs, {missed} missed; original works taken for targets: {taken}"
    )
    for line in wrong:
        print("   ", line)


def _answers(text: str) -> tuple[set[str], set[str]] | None:
    """(URLs under "what should be taken down", URLs under "the original work") of a question form, by another reading."""
    parts = _QUESTION.split(text)
    if len(parts) < 7:
        return None
    asked: set[str] = set()
    original: set[str] = set()
    for question, answer in zip(parts[1::2], parts[2::2], strict=False):
        urls = {known[0] for u in _URL.findall(answer) if (known := canonical.url(_trim(u)))}
        if re.search("taken down|full repository URL|specific file URLs", question):
            asked |= urls
        elif re.search("original (copyrighted )?work|What work was", question):
            original |= urls
    return asked, original


def _trim(url: str) -> str:
    while url and (url[-1] in ".,;:'" or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url


def orders(corpus: Path) -> None:
    """Orders by authorities: the form."""
    wrong = []
    listed = rows(corpus / "government_orders.jsonl")
    for row in listed:
        reading = read((corpus / row["file"]).read_bytes())
        if reading.form is not Form.ORDER:
            wrong.append(f"{row['file']} ({row['country']}) read as {reading.form.value}")
    print(f"== government orders: form right {len(listed) - len(wrong)}/{len(listed)}")
    for line in wrong:
        print("   ", line)


def xarf(corpus: Path) -> None:
    """Published samples: the good ones read, the bad ones refused with the field named."""
    folder = corpus / "xarf"
    for name in ("spec_v4", "spec_v3", "legacy/positive"):
        files = sorted((folder / name).rglob("*.json"))
        bad = [f.name for f in files if not (r := read(f.read_bytes())).targets or r.form is not Form.NOTICE]
        print(f"== xarf {name}: {len(files) - len(bad)}/{len(files)} read", *bad)
    files = sorted((folder / "legacy/negative").rglob("*.json"))
    bad = [
        f.name
        for f in files
        if (r := read(f.read_bytes())).form is not Form.UNPARSED or not any(p.where for p in r.problems)
    ]
    print(f"== xarf legacy/negative: {len(files) - len(bad)}/{len(files)} refused with the field named", *bad)


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--worst", type=int, default=20)
    parser.add_argument("--groups", action="store_true")
    options = parser.parse_args()
    mail(options.corpus, options.worst, options.groups)
    dmca(options.corpus)
    orders(options.corpus)
    xarf(options.corpus)


if __name__ == "__main__":
    main()
