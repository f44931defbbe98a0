"""Turn a reference list of regimes (YAML: facts, numbers, citations) and our own wording into regime files.

    python tools/convert_regimes.py REFERENCE.yaml WORDING.txt [--out rulebook/regimes] [--force]

Facts are taken as they are: ids, numbers, units, calendars, citations, how sure they are, where they were read. Every
sentence is taken from the wording file, and a missing one is an error, so that nothing is copied by accident. A regime
that exists already is left alone unless --force is given: after the conversion the files are edited by hand, and a change
of law is a new dated table in them, not a new conversion.

The wording file has one block per regime, `== id | title`, then lines: t trigger, n note, ask question, i instruments,
f forms, off reason, standing, z what we do not do, and per item `LETTER id | text | …` in the order read below.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

AREAS = {
    "1-copyright": "copyright",
    "2-trademark-domains": "domains",
    "3-child-safety": "child safety",
    "4-ncii": "intimate images",
    "5-eu-dsa": "dsa",
    "6-legal-requests": "requests for data",
    "7-national": "national law",
    "8-breach-ato-fraud": "breaches and fraud",
    "9-transparency-standards": "standards",
}
KINDS = {"voluntary_standard": "standard"}
NUMBERS = {"statute": "statutory", "treaty": "statutory", "contract": "contract"}
SWITCH = {"on_if_applicable": "on", "off_until_verified": "off", "opt_in": "opt_in", "scheduled": "scheduled"}
#: The reference's categories in our words.
CATEGORIES = {
    "copyright": "copyright", "live_sport": "copyright", "trademark": "trademark", "counterfeit": "trademark",
    "domain_dispute": "domain_dispute", "dns_abuse": "phishing malware botnet", "phishing": "phishing", "malware": "malware",
    "botnet": "botnet", "pharming": "phishing", "spam_vector": "spam", "registration_data_accuracy": "registration_data",
    "registration_data_disclosure": "registration_data data_request", "domain_hijack": "account_takeover",
    "transfer": "domain_dispute", "icann_compliance": "registration_data other", "csam": "child_safety", "csea": "child_safety",
    "grooming": "child_safety", "child_trafficking": "child_safety", "enticement": "child_safety",
    "kidnapping": "child_safety", "child_exploitation": "child_safety", "ncii": "ncii", "deepfake_ncii": "ncii",
    "illegal_filming": "ncii", "terrorism": "terrorism", "class1": "child_safety terrorism", "cyberbullying": "harassment",
    "adult_cyber_abuse": "harassment", "cyberstalking": "harassment", "harassment": "harassment",
    "defamation": "harassment", "privacy": "doxing", "threat_to_life": "violent_threat", "trafficking": "violent_threat",
    "torture_images": "violent_threat", "grave_crimes": "terrorism violent_threat child_safety",
    "synthetic_media": "ncii fraud", "criminal_content": "illegal_goods other", "scams": "fraud", "falsehoods": "other",
    "fraud": "fraud", "account_takeover": "account_takeover", "breach": "account_takeover compromised",
    "incident": "network_attack compromised other", "legal_request": "data_request", "preservation": "data_request",
    "emergency": "data_request", "gag": "data_request", "civil": "data_request", "cross_border": "data_request",
    "national_security": "data_request", "blocking": "government_order", "court_order": "government_order",
    "government_request": "government_order", "any_illegal_content": "any", "any_restriction": "any", "appeal": "any",
    "governance": "any", "transparency": "any",
}  # fmt: skip
ROLES = {"linking": "search", "application_provider": "application"}
#: The reference's events in the words of the journal (`noun.past_participle`).
EVENTS = {
    "notice_received": "report.received", "complaint_received": "report.received", "report_received": "report.received",
    "abuse_report_received": "report.received", "request_received": "report.received", "ticket_received": "order.received",
    "notice_effective_received": "notice.valid", "valid_request_received": "notice.valid",
    "ncii_notice_received": "report.received", "iwf_notice_received": "report.received",
    "ato_report_credible": "evidence.confirmed", "actionable_evidence": "evidence.confirmed",
    "inaccuracy_report_received": "report.received", "authority_report_received": "authority_report.received",
    "disclosure_request_received": "disclosure_request.received", "urgent_request_received": "urgent_request.received",
    "counter_notice_effective_received": "counter_notice.effective", "counter_notice_received": "counter_notice.effective",
    "counter_notice_forwarded": "counter_notice.forwarded", "content_removed": "measure.applied",
    "order_effect_given": "measure.applied", "temporary_block": "measure.applied", "order_received": "order.received",
    "removal_order_received": "order.received", "removal_notice_given": "order.received",
    "direction_received": "order.received", "court_order_received": "order.received", "request_notified": "order.received",
    "order_served": "order.received", "foreign_order_received": "order.received", "order_made": "preservation_order.received",
    "demand_made": "preservation_request.received", "subpoena_served": "subpoena.received",
    "subpoena_or_order_received": "subpoena.received", "warrant_served": "warrant.received", "ndo_received": "gag.ordered",
    "actual_knowledge": "knowledge.gained", "awareness": "knowledge.gained", "identified_or_notified": "knowledge.gained",
    "reasonable_grounds": "knowledge.gained", "advised_of_address": "knowledge.gained",
    "actual_knowledge_imminent": "imminent_danger.known", "awareness_of_breach": "breach.known",
    "awareness_of_incident": "incident.known", "incident_noticed": "incident.known", "decision_received": "decision.communicated",
    "inquiry_sent": "answer.asked", "police_notified": "filing.submitted", "udrp_concluded": "udrp.concluded",
    "udrp_commenced": "udrp.commenced", "interception_begins_or_10_days_after_order": "interception.begun",
    "interception_begins": "interception.begun", "installation_begins": "installation.begun",
    "agent_registered_or_amended": "agent.registered", "registration_or_change": "registration.changed",
    "data_changed": "registration.changed", "domain_registered": "domain.registered", "registrant_request": "authinfo.requested",
    "transfer_pending": "transfer.requested", "change_of_registrant": "registrant.changed",
    "both_confirmations": "registrant_change.confirmed", "alleged_violation": "transfer.disputed",
    "directive_in_force": "directive.adopted", "reporting_period_end": "reporting_period.ended",
    "before_first_order": "authority.introduced", "provider_notifies_government": "nsl.challenged",
    "materiality_determined": "materiality.determined", "referral": "case.referred", "periodic": "users.informed",
    "csea_detected_priority_1": "csea.detected_priority_1", "csea_detected_priority_2": "csea.detected_priority_2",
    "csea_detected_priority_3": "csea.detected_priority_3", "inquiry_received": "answer.asked",
    "order_served_by_requested_party": "assisted_order.received", "order_issued": "order.issued", "nsl_issued": "nsl.issued",
}  # fmt: skip
#: From when something is kept.
KEPT_FROM = {
    "closed": "case.closed", "breach": "breach.known", "cancellation": "account.closed", "connection": "connection.made",
    "contract_end": "contract.ended", "contract_end_or_account_closed": "account.closed", "detection": "detection.made",
    "made": "record.created", "noncompliance": "contract.broken", "publication": "publication.published",
    "removal": "measure.applied", "report_sent": "filing.submitted", "rolling": "record.created",
    "since 2025-05-07": "filing.submitted", "sponsorship_end": "sponsorship.ended", "cybertip_submitted": "filing.submitted",
    "nca_report_sent": "filing.submitted", "le_destroy_request": "destruction.requested", "response_sent": "request.answered",
    "scan_done": "scan.done",
}  # fmt: skip
#: Complaints that are appeals against our own decision.
APPEALS = {"eu-tco.ck.complaint", "gb-osa-ncii.ck.complaint", "gb-osa-illegal.ck.appeals"}
#: Requests of authorities where the reference says only "request".
ORDERS = {"fr-lcen-sren.ck.csam", "fr-lcen-sren.ck.terror-block"}
STATUTORY = {"practice-ato-fraud.ck.sec8k"}
#: What the US instruments have in common.
COMMON = {
    "authority": "Which agency issued it: named officer, badge or id, an official address to answer to",
    "date-sign": "Date, and signature, seal or file number",
    "identifier": "The exact account, domain, or IP address with time and time zone",
}
#: What a bare "Art. 3" or "s. 4" refers to.
LAW = {
    "ca-notice-and-notice": "Copyright Act (R.S.C. 1985, c. C-42)", "in-copyright-rule75": "Copyright Rules 2013",
    "icann-udrp": "UDRP", "ca-mandatory-reporting": "S.C. 2011, c. 4", "au-osa-removal": "Online Safety Act 2021 (Cth)",
    "coe-budapest-2ap": "CETS 224", "in-it-rules": "IT Rules 2021", "jp-idpa": "Act No. 137 of 2001",
}  # fmt: skip


@dataclass
class Words:
    """The wording of one regime."""

    title: str
    lines: dict[str, list[list[str]]] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    def one(self, letter: str) -> str:
        found = self.lines.get(letter)
        return " ".join(found[0]) if found else ""

    def item(self, letter: str, ident: str) -> list[str]:
        """The parts of an item's wording, padded; raises KeyError when nobody has written it."""
        for parts in self.lines.get(letter, []):
            if parts[0] == ident:
                self.used.add((letter, ident))
                return parts[1:] + [""] * 12
        raise KeyError(f"{letter} {ident}")


def read_wording(path: Path) -> dict[str, Words]:
    out: dict[str, Words] = {}
    current: Words | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            ident, title = (part.strip() for part in line[3:].split("|", 1))
            current = out[ident] = Words(title)
        elif line.strip() and current is not None:
            letter, _, rest = line.partition(" ")
            current.lines.setdefault(letter, []).append([part.strip() for part in rest.split("|")])
    return out


def text(value: str) -> str:
    """A TOML string on one line."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def words(values: list[str]) -> str:
    line = "[" + ", ".join(text(v) for v in values) + "]"
    return line if len(line) < 100 else "[\n" + "".join(f"  {text(v)},\n" for v in values) + "]"


class Writer:
    def __init__(self) -> None:
        self.out: list[str] = []

    def put(self, **pairs: Any) -> None:
        for key, value in pairs.items():
            if value in (None, "", [], {}):
                continue
            if isinstance(value, bool | int):
                rendered = str(value).lower()
            elif isinstance(value, list):
                rendered = words(value)
            elif re.fullmatch(r"\d{4}-\d\d-\d\d", value) or value.startswith("{ "):
                rendered = value
            else:
                rendered = text(value)
            self.out.append(f"{key} = {rendered}")

    def head(self, name: str, *, array: bool = True) -> None:
        self.out += ["", f"[[{name}]]" if array else f"[{name}]"]


def convert(regime: dict[str, Any], w: Words) -> str:
    rid = regime["id"]
    bases = {s["id"]: s["kind"] for s in regime["sources"]} | {"memory": "memory"}
    out = Writer()
    switch = SWITCH[regime["activation"]]
    off = w.one("off") or {
        "opt_in": "The operator opts in.",
        "off": "Low confidence.",
        "scheduled": "Not yet in force.",
    }.get(switch, "")
    open_questions = [" | ".join(parts) for parts in w.lines.get("q", [])]
    out.put(
        id=rid, title=w.title, version=regime["as_of"] + ".1", area=AREAS[regime["area"]],
        kind=KINDS.get(regime["kind"], regime["kind"]), jurisdiction=regime["jurisdiction"],
    )  # fmt: skip
    out.put(source=citation(regime["instrument"]), status=regime["status"], switch=switch)
    if switch != "on":
        out.put(switch_reason=off)
    out.put(
        confidence=regime["confidence"], as_of=regime["as_of"], review_due=regime["review_due"],
        effective_from=regime["effective_from"], effective_to=regime["effective_to"], open_questions=open_questions, not_done=w.one("z"),
    )  # fmt: skip
    applies(out, regime, w)

    def common(item: dict[str, Any], why_off: str = "") -> None:
        if item["confidence"] == "low":
            why_off = why_off or "Low confidence: the text has to be read first."
        out.put(
            source=citation(item["citation"], regime),
            basis=bases[item["src"]],
            confidence=item["confidence"],
            off=why_off,
        )

    def name(item: dict[str, Any]) -> str:
        return item["id"].split(".", 2)[2]

    for item in regime["elements"]:
        try:
            title, condition, why, *_ = w.item("e", name(item))
        except KeyError:
            title, condition, why = COMMON[name(item)], "", ""
        out.head("element")
        out.put(
            id=name(item), title=title, document=item["document"], requirement=item["requirement"], condition=condition
        )
        common(item, why)
    for item in regime["clocks"]:
        clock(out, regime, item, name(item), w)
        common(item, w.item("c", name(item))[8])
    for item in regime["notifications"]:
        title, to, when, letter, event, *_ = w.item("n1", name(item))
        out.head("duty")
        out.put(id=name(item), title=title, to=to, when=when, letter=letter, event=event)
        if not item["mandatory"]:
            out.put(mandatory=False)
        common(item)
    for item in regime["forbidden_disclosures"]:
        forbidden(out, item, name(item), w)
        common(item)
    for item in regime["disclosures_allowed"]:
        title, to, condition, *_ = w.item("d", name(item))
        out.head("disclosure")
        out.put(id=name(item), title=title, to=to, condition=condition)
        common(item)
    for item in regime["retention"]:
        title, starts, then, *_ = w.item("r", name(item))
        out.head("retention")
        out.put(
            id=name(item), title=title, period=item["period"], unit=None if item["unit"] == "none" else item["unit"]
        )
        out.put(starts_on=starts or kept_from(item["starts_on"]), obligation=item["obligation"], then=then)
        common(item)
    for item in regime["reporting"]:
        title, due, *_ = w.item("p", name(item))
        out.head("count")
        out.put(
            id=name(item), title=title, cadence=item["cadence"], due=due, fields=list(dict.fromkeys(item["fields"]))
        )
        out.put(mandatory=item["mandatory"])
        common(item)
    for n, item in enumerate(regime["penalties"], 1):
        parts = [*w.lines.get("x", [])[n - 1], ""]
        out.head("penalty")
        out.put(id=f"penalty-{n}", title=parts[0])
        common(item, parts[1])
    kinds = {bases[i["src"]] for key in ("elements", "clocks", "notifications", "forbidden_disclosures", "disclosures_allowed",
             "retention", "reporting", "penalties") for i in regime[key]}  # fmt: skip
    for source in regime["sources"]:
        if source["kind"] in kinds:
            out.head("reference")
            out.put(id=source["id"], kind=source["kind"], where=where(source))
    for letter in "ecdrp":
        for parts in w.lines.get(letter, []):
            if (letter, parts[0]) not in w.used:
                raise KeyError(f"{rid}: wording for {letter} {parts[0]} that the reference does not have")
    return "\n".join(out.out) + "\n"


def applies(out: Writer, regime: dict[str, Any], w: Words) -> None:
    scope = regime["applies_to"]
    categories = list(dict.fromkeys(c for name in scope["categories"] for c in CATEGORIES[name].split()))
    roles = list(dict.fromkeys(ROLES.get(r, r) for r in scope["provider_roles"]))
    instruments = w.one("i").split()
    country = regime["jurisdiction"]
    countries = [country] if country not in ("ICANN", "XX", "INT") else []
    decided = ["instrument"] if instruments else ["provider"] if countries else ["any"]
    if regime["id"].startswith("us-dmca-512") and not instruments:
        decided.append("form:dmca")
    out.head("applies", array=False)
    out.put(
        categories=["any"] if "any" in categories else categories, roles=roles, forms=w.one("f").split(), countries=countries,
        instruments=instruments, decided_by=[] if w.one("ask") else decided, ask=w.one("ask"), trigger=w.one("t"), note=w.one("n"),
    )  # fmt: skip
    if "standing" in w.lines:
        out.put(standing=True)


def clock(out: Writer, regime: dict[str, Any], item: dict[str, Any], name: str, w: Words) -> None:
    title, standard, expiry, consequence, target, note, met, stop, _off, categories, *_ = w.item("c", name)
    if not standard and not (item["min"] or item["max"]):
        standard = item["standard"]  # the law's own word, short
        if not standard or len(standard) > 60:
            raise KeyError(f"{item['id']}: the word of the rule has to be given: {standard!r}")
    event = item["starts_on"]
    special = {**dict.fromkeys(APPEALS, "appeal.lodged"), **dict.fromkeys(ORDERS, "order.received")}
    starts = special.get(item["id"]) or EVENTS.get(event) or dotted(event)
    numbered = item["min"] is not None or item["max"] is not None
    ours = item["actor"] in ("provider", "registrar", "registry", "registrar_or_registry", "online_platform", "controller",
                             "processor", "concessionaire", "listed_company", "losing_registrar")  # fmt: skip
    if not met and ours and item["kind"] in ("deadline", "standard", "window", "earliest", "option"):
        met = f"duty.done:{name}"
    out.head("clock")
    out.put(id=name, title=title, actor=item["actor"], starts_on=starts, shape=item["kind"])
    out.put(low=item["min"], high=item["max"], unit=item["unit"] if numbered else None)
    out.put(standard=standard, calendar=item["calendar"], calendar_note=note)
    out.put(kind="statutory" if item["id"] in STATUTORY else NUMBERS.get(regime["kind"], "target"))
    out.put(at_expiry=expiry, consequence=consequence, target=target, met_by=met.split(), stopped_by=stop.split())
    if categories:
        out.put(when="{ categories = " + words(categories.split()) + " }")


def forbidden(out: Writer, item: dict[str, Any], name: str, w: Words) -> None:
    try:
        title, to, until, needs, ends, *_ = w.item("s", name)
    except KeyError:
        title, to, until, *_ = w.item("w", name)
        out.head("withhold")
        out.put(id=name, title=title, to=to.split(), until=until)
        return
    out.head("silence")
    out.put(id=name, title=title, to=to.split(), until=until, ends_on=ends.split())
    if needs:
        out.put(only="{ needs = " + words(needs.split()) + " }")


def citation(value: str, regime: dict[str, Any] | None = None) -> str:
    """The citation with the law in front of it where it names only an article: it is read far from its regime."""
    value = " ".join(value.replace("U.S.C.", "USC").split())
    if regime and re.match(r"(Arts?\.? |ss?\. |rr?\. |Rules |Policy)", value):
        act = re.match(r"(?:Regulation|Directive) \(EU\) \d+/\d+", regime["instrument"])
        law = act[0] if act else LAW[regime["id"]]
        return f"{law} {value}"
    return value


def kept_from(event: str) -> str:
    return KEPT_FROM.get(event) or EVENTS.get(event) or dotted(event)


def dotted(event: str) -> str:
    noun, _, verb = event.rpartition("_")
    return f"{noun}.{verb}" if noun else f"{event}.noted"


def where(source: dict[str, Any]) -> str:
    address = source["address"]
    return "a public note that quotes the rule" if address.startswith("public copy") else address


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", type=Path)
    parser.add_argument("wording", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "rulebook" / "regimes")
    parser.add_argument("--force", action="store_true")
    args = parser.parse_args()
    wording = read_wording(args.wording)
    missing, events = [], set()
    for regime in yaml.safe_load(args.reference.read_text(encoding="utf-8")):
        target = args.out / regime["id"] / "regime.toml"
        if regime["id"] not in wording:
            if not target.exists():
                missing.append(regime["id"])
            continue
        if target.exists() and not args.force:
            continue
        try:
            content = convert(regime, wording[regime["id"]])
        except (KeyError, IndexError) as error:
            missing.append(f"{regime['id']}: {error}")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        events |= set(re.findall(r'^starts_on = "(.*)"', content, re.M))
    print("events:", *sorted(events))
    if missing:
        raise SystemExit("\n".join(missing))


if __name__ == "__main__":
    main()
