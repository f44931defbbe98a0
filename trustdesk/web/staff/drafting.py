"""The decision form: what can be chosen on a case, what is filled in already, and what a person sent back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from trustdesk.core.deciding import PER_ADDRESS
from trustdesk.core.said import said
from trustdesk.flow.decide import Choice, Wish, assets_of
from trustdesk.queries import rulebook
from trustdesk.queries.case_page import View
from trustdesk.queries.rulebook import Asset, Clause, Offer
from trustdesk.web import safe_text, words

LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Option:
    """One radio button. `reasons` is what the customer or reporter would read if nothing is changed."""

    value: str
    title: str
    detail: str
    recommended_by: str
    severe: bool
    reasons: str
    offer: Offer | None = None
    key: str = ""


@dataclass(slots=True)
class Draft:
    """The form as it stands. `errors` are findings of the form itself (a missing choice)."""

    options: list[Option]
    clauses: tuple[Clause, ...]
    assets: list[Asset]
    chosen: str = ""
    ground: str = ""
    law: str = ""
    reasons: str = ""
    notes: str = ""
    seen: int = 0
    asset_ids: tuple[int, ...] = ()
    clause: Clause | None = None
    fresh: bool = field(default=True)

    @property
    def main_options(self) -> list[Option]:
        """What is nearly always chosen: the recommended measures, a question to the customer, no violation."""
        return [o for o in self.options if _is_main(o)]

    @property
    def more_options(self) -> list[Option]:
        """The rest of the ladder and the rarer outcomes."""
        return [o for o in self.options if not _is_main(o)]

    @property
    def option(self) -> Option | None:
        """The option that is chosen."""
        return next((o for o in self.options if o.value == self.chosen), None)


def _is_main(option: Option) -> bool:
    return bool(option.recommended_by) or option.value in ("forwarded", "no_violation")


def fresh(view: View) -> Draft:
    """The form before anybody touched it: the recommended measure, its clause, and reasons to start from."""
    draft = _empty(view)
    first = next((o for o in draft.options if o.recommended_by), None)
    start = first or next(iter(draft.options), None)
    if start is not None:
        draft.chosen, draft.reasons = start.value, start.reasons
    draft.ground = f"policy:{draft.clauses[0].id}" if draft.clauses else "law"
    draft.clause = draft.clauses[0] if draft.clauses else None
    draft.seen = view.case.seq
    return draft


def sent(view: View, request: HttpRequest) -> Draft:
    """The form as a person sent it; nothing typed is lost, whatever is wrong with it."""
    data = request.POST
    draft = _empty(view)
    draft.fresh = False
    draft.chosen = data.get("choice", "")[:80]
    draft.ground = data.get("ground", "")[:80]
    draft.law = data.get("law", "").strip()[:300]
    draft.reasons = data.get("reasons", "")[: LIMIT + 1].replace("\r\n", "\n")
    draft.notes = data.get("notes", "")[: LIMIT + 1].replace("\r\n", "\n")
    draft.asset_ids = tuple(int(a) for a in data.getlist("asset")[:200] if a.isdecimal() and len(a) < 18)
    seen = data.get("seen", "")
    draft.seen = int(seen) if seen.isdecimal() and len(seen) < 10 else -1
    draft.clause = next((c for c in draft.clauses if draft.ground == f"policy:{c.id}"), None)
    _own_words(draft)
    return draft


def choice(draft: Draft, view: View) -> Choice:
    """The form as the flow takes it. An unknown choice becomes an outcome that the flow refuses by name."""
    option = draft.option
    measures: tuple[Wish, ...] = ()
    outcome = draft.chosen
    if option is not None and option.offer is not None:
        outcome = "measures"
        measures = _wishes(option.offer, draft, view)
    ground, _sep, clause = draft.ground.partition(":")
    if outcome != "measures":
        ground, clause = "none", ""
    return Choice(
        outcome=outcome,
        ground=ground or "none",
        clause=clause,
        law=draft.law if ground == "law" else "",
        reasons=draft.reasons,
        notes=draft.notes,
        measures=measures,
    )


def _wishes(offer: Offer, draft: Draft, view: View) -> tuple[Wish, ...]:
    allowed = {a.pk for a in offer.assets}
    chosen = [a for a in draft.asset_ids if a in allowed] or [offer.assets[0].pk]
    if offer.kind not in PER_ADDRESS:
        return tuple(Wish(offer.kind, number) for number in chosen)
    return tuple(Wish(offer.kind, number, address) for number in chosen for address in _urls_on(view, number))


def _urls_on(view: View, asset_id: int) -> list[str]:
    """The addresses that a measure on single addresses bites on: every URL complained of on the asset, else what is there."""
    targets = [i for i in view.indicators if i.asset_id == asset_id and i.role == "target"]
    found = [i.value for i in targets if i.kind == "url"] or [i.value for i in targets[:1]]
    return list(dict.fromkeys(found)) or [""]


def _own_words(draft: Draft) -> None:
    """Reasons that were filled in for another choice must not go out for this one: take this one's instead."""
    option = draft.option
    if option is not None and any(draft.reasons.strip() == o.reasons.strip() for o in draft.options if o is not option):
        draft.reasons = option.reasons


def _empty(view: View) -> Draft:
    assets = assets_of(view.case)
    clauses = rulebook.clauses(view.case.category)
    offers = rulebook.offers(view.case, assets) if view.case.subject_id else []
    options = [_measure_option(o, clauses, view) for o in offers] + _other_options(view)
    options.sort(key=lambda o: not _is_main(o))
    options = [replace(o, key=str(n)) if n < 10 else o for n, o in enumerate(options, 1)]
    return Draft(options=options, clauses=clauses, assets=assets)


def _measure_option(offer: Offer, clauses: Sequence[Clause], view: View) -> Option:
    first = offer.assets[0]
    detail = safe_text.defang(first.value, "domain") if first.kind != "account" else first.ref
    if offer.kind in PER_ADDRESS:
        target, *rest = _urls_on(view, first.pk)
        target = target or first.value
        detail = safe_text.defang(target, "url" if "://" in target else "domain")
        if rest:
            detail = _("%(address)s and %(n)s more") % {"address": detail, "n": len(rest)}
    if len(offer.assets) > 1:
        detail = _("%(asset)s, or another of %(n)s assets") % {"asset": detail, "n": len(offer.assets)}
    title = words.MEASURE.get(offer.kind) and words.word("measure", offer.kind).capitalize() or offer.title
    clause = clauses[0] if clauses else None
    reasons = _for_reader(view, lambda: _measure_reasons(view, clause))
    return Option(f"measure:{offer.kind}", title, detail, offer.recommended_by, offer.severe, reasons, offer)


def outcomes() -> list[tuple[str, str]]:
    """Outcomes without a measure, with what they are called."""
    return [
        ("no_violation", _("No violation")),
        ("insufficient", _("Not enough information")),
        ("duplicate", _("Duplicate")),
        ("not_ours", _("Not ours")),
        ("forwarded", _("Ask the customer, %s h") % rulebook.policy().answer_hours),
    ]


def _other_options(view: View) -> list[Option]:
    hours = rulebook.policy().answer_hours
    options = []
    if view.case.subject_id:
        title = _("Ask the customer, %s h") % hours
        detail = _("the report goes on to the customer; nothing is changed meanwhile")
        options.append(Option("forwarded", title, detail, "", False, _for_reader(view, lambda: _forward_reasons(view))))
    reporter = view.reports[0].language if view.reports else ""
    for value, title, detail, reasons in (
        ("no_violation", _("No violation"), _("close; the reporter is told why"), _no_violation_reasons),
        (
            "insufficient",
            _("Not enough information"),
            _("close; the reporter is told what is missing"),
            _missing_reasons,
        ),
        ("duplicate", _("Duplicate"), _("close; another case deals with it"), _duplicate_reasons),
        ("not_ours", _("Not ours"), _("close; the reporter is told where to turn"), _not_ours_reasons),
    ):
        options.append(Option(value, title, detail, "", False, _in(reporter, reasons)))
    return options


def _for_reader(view: View, write: Any) -> str:
    subject = view.case.subject
    return _in(subject.language if subject else "", write)


def _in(language: str, write: Any) -> str:
    """Text in the reader's language where the desk speaks it, else in English."""
    known = {code for code, _name in settings.LANGUAGES}
    with translation.override(language if language in known else "en"):
        return str(write())


def _addresses(view: View) -> str:
    shown = [safe_text.defang(i.value, i.kind) for i in view.targets[:3]]
    more = len(view.targets) - len(shown)
    return ", ".join(shown) + (" " + _("and %s more") % more if more > 0 else "")


def _measure_reasons(view: View, clause: Clause | None) -> str:
    parts = [
        _("We received a report about %(address)s for %(category)s. We looked at it and found the report to be right.")
        % {"address": _addresses(view) or _("your service"), "category": words.word("category", view.case.category)}
    ]
    if clause is not None:
        language = translation.get_language() or "en"
        parts.append(
            _("Our acceptable use policy, clause %(clause)s (%(title)s), does not allow this: %(text)s")
            % {"clause": clause.id, "title": said(clause.title, language), "text": said(clause.text, language)}
        )
    return " ".join(parts)


def _forward_reasons(view: View) -> str:
    return _(
        "We received a report about %(address)s for %(category)s. Nothing has been decided. Please look into it and tell us by "
        "the link below what you found and what you did."
    ) % {"address": _addresses(view) or _("your service"), "category": words.word("category", view.case.category)}


def _no_violation_reasons() -> str:
    return _("We looked at what was reported and found that it neither breaks our policy nor is manifestly illegal.")


def _missing_reasons() -> str:
    return _(
        "The report does not say enough for us to find and judge what it is about. Please send the exact addresses."
    )


def _duplicate_reasons() -> str:
    return _("Another report about the same matter reached us before, and we deal with both under that case.")


def _not_ours_reasons() -> str:
    return _(
        "None of the addresses in the report belongs to our network or to a customer of ours, so we cannot act on it."
    )
