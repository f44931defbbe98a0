# ruff: noqa: E501  (a pattern reads best in one line)
"""Notices under 17 USC 512: what kind of letter it is, which elements it shows and where, and what it is worth.

Elements carry the ids of the regime `us-dmca-512c`. Presence is a finding of words, not of truth: a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

import re2

from trustdesk.core.types import Element, Form, Span
from trustdesk.reading import patterns
from trustdesk.reading.lexicon import fold, phrases
from trustdesk.reading.patterns import different, found, linear

PREFIX = "us-dmca-512c.el."
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.max_mem = 32 << 20
_TEXT = 60_000


def _p(*alternatives: str) -> object:
    return re2.compile("|".join(f"(?:{a})" for a in alternatives), _OPTIONS)


_S = r"[\s>*_]+"  # white space, quoting and emphasis between words

#: 512(c)(3)(A): a notification. (ii) work and (iii) material are also shown by what was found elsewhere.
_NOTICE = {
    "signature": _p(
        r"(?:electronic|physical|digital)(?:ally)?" + _S + r"sign(?:ature|ed)", r"\bsigned\b\W", r"\bsignature\b", r"/s/",
        r"sign" + _S + r"this" + _S + r"request", r"full" + _S + r"(?:legal" + _S + r")?name" + _S + r"(?:below|for)", r"authorized" + _S + r"signatory",
        r"(?:sincerely|regards|respectfully|yours" + _S + r"(?:truly|faithfully)|thanks|thank you|cheers)[ \t]*[,.!]?[ \t]*\n\s*\S",
        r"\[private\]\s*$",
    ),
    "work": _p(
        r"original" + _S + r"(?:copyrighted" + _S + r")?(?:work|content|material|source)", r"copyrighted" + _S + r"(?:work|material|content|software|code|photo|image|video|film)",
        r"(?:work|works|material|content|property)" + _S + r"(?:that" + _S + r")?(?:is|are|was|has" + _S + r"been|have" + _S + r"been)?" + _S + r"?(?:claimed" + _S + r"to" + _S + r"(?:be|have" + _S + r"been)" + _S + r")?(?:allegedly" + _S + r")?infring",
        r"copyright" + _S + r"(?:owner|holder)" + _S + r"of", r"infringed" + _S + r"work", r"title" + _S + r"of" + _S + r"(?:the" + _S + r")?work", r"description" + _S + r"of" + _S + r"(?:the" + _S + r")?(?:original|copyrighted)?" + _S + r"?work",
        r"(?:our|my|their)" + _S + r"(?:copyrighted" + _S + r")?(?:book|source" + _S + r"code|software|film|movie|music|photograph|course|article|game|asset|font|product|app|code|work)s?\b",
        r"we" + _S + r"(?:own|hold)" + _S + r"(?:the|all)" + _S + r"(?:copyright|rights)", r"exclusive" + _S + r"rights?" + _S + r"(?:in|to|of|under)",
    ),
    "material": _p(
        r"(?:infringing|unauthori[sz]ed|offending)" + _S + r"(?:url|link|material|content|file|work|page|site|repository|stream|copy|copies)s?", r"should" + _S + r"be" + _S + r"taken" + _S + r"down",
        r"(?:located|found|available|hosted|posted|accessible|published)" + _S + r"(?:at|on|here|via|under)", r"following" + _S + r"(?:url|link|file|page|location|address|repositor)", r"repository" + _S + r"url",
        r"please" + _S + r"(?:remove|take" + _S + r"down|disable)", r"(?:remove|take" + _S + r"down|disable" + _S + r"access)",
    ),
    "contact": _p(
        r"[\w.+-]+@[\w-]+\.[\w.-]+", r"(?:tele)?phone" + _S + r"?(?:number)?\W", r"\btel\b\W", r"(?:e-?mail|postal|mailing|physical)" + _S + r"address", r"address\s*:", r"contact" + _S + r"(?:me|us|information|info|details)",
        r"reach" + _S + r"(?:me|us)", r"e-?mail\s*:",
    ),
    "goodfaith": _p(
        r"good[\s-]+faith", r"honestly" + _S + r"believe", r"in" + _S + r"good" + _S + r"conscience",
    ),
    "accuracy-perjury": _p(
        r"(?:penalty|penalties|pain)" + _S + r"of" + _S + r"perjury", r"information" + _S + r"(?:contained" + _S + r")?in" + _S + r"this" + _S + r"(?:notification|notice|letter|e-?mail|message|complaint|request)" + _S + r"is" + _S + r"(?:true" + _S + r"and" + _S + r")?(?:accurate|correct)",
    ),
}  # fmt: skip

#: 512(g)(3): a counter notification. (D) asks for three things, told apart here because each can be missing.
_COUNTER = {
    "cn-signature": _NOTICE["signature"],
    "cn-material": _p(
        r"files" + _S + r"were" + _S + r"taken" + _S + r"down", r"(?:material|content|repositor\w+|file|page|code|project)s?" + _S + r"(?:in" + _S + r"question|that|which|was|were|has|have|removed|disabled)", r"https?://[^\s<>]+",
    ),
    "cn-perjury": _p(
        r"(?:penalty|penalties|pain)" + _S + r"of" + _S + r"perjury", r"good[\s-]+faith" + _S + r"belief" + _S + r"that" + _S + r"(?:the|this)" + _S + r"material",
    ),
    "cn-identity": _p(
        r"(?:tele)?phone" + _S + r"?(?:number)?\W", r"(?:physical|postal|mailing|street)?" + _S + r"?address", r"\btel\b\W", r"\[private\]", r"[A-Z][a-z]+,?" + _S + r"[A-Z]{2}" + _S + r"\d{5}",
    ),
    "cn-jurisdiction": _p(r"consent" + _S + r"to" + _S + r"(?:the" + _S + r")?jurisdiction", r"jurisdiction" + _S + r"of" + _S + r"(?:the" + _S + r")?(?:federal|u\.?s\.?|united)", r"submit" + _S + r"to" + _S + r"(?:the" + _S + r")?jurisdiction"),
    "cn-service": _p(r"service" + _S + r"of" + _S + r"process", r"accept" + _S + r"service"),
}  # fmt: skip


def notice_elements(text: str, *, has_target: bool) -> tuple[Element, ...]:
    """The elements of 512(c)(3)(A)(i)–(vi). `has_target`: some place where the material is was found in the text."""
    found = {name: _spans(pattern, text) for name, pattern in _NOTICE.items()}
    out = [Element(PREFIX + "written", True)]
    for name, spans in found.items():
        present = bool(spans) and (name != "material" or has_target)
        out.append(Element(PREFIX + name, present, spans if present else ()))
    return tuple(out)


def counter_elements(text: str) -> tuple[Element, ...]:
    """The elements of 512(g)(3)(A)–(D)."""
    out = []
    for name, pattern in _COUNTER.items():
        spans = _spans(pattern, text)
        out.append(Element(PREFIX + name, bool(spans), spans))
    return tuple(out)


def _spans(pattern: object, text: str, limit: int = 3) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in islice(patterns.spans(pattern, text[:_TEXT]), limit))


#: Without all of these, 512(c)(3)(B)(ii) does not even oblige the provider to ask for the rest.
_CORE = frozenset({"work", "material", "contact"})


def verdict(elements: Iterable[Element]) -> str:
    """What a letter is worth: `valid`, `deficient` (curable: what is missing is asked for) or `without_effect`.

    For a notification by 512(c)(3)(B): all of (A) present is valid; (ii), (iii) and (iv) present obliges to help;
    less has no effect. A counter notification that lacks an element is deficient; one that identifies nothing and
    swears nothing has no effect (512(g)(3)).
    """
    state = {e.id.removeprefix(PREFIX): e.present for e in elements}
    if any(name.startswith("cn-") for name in state):
        if all(v for k, v in state.items() if k.startswith("cn-")):
            return "valid"
        return "deficient" if state.get("cn-material") or state.get("cn-perjury") else "without_effect"
    if all(state.values()):
        return "valid"
    return "deficient" if all(state.get(name) for name in _CORE) else "without_effect"


def missing(elements: Sequence[Element]) -> tuple[str, ...]:
    """The ids of the elements that are not there."""
    return tuple(e.id for e in elements if not e.present)


_REVERSAL = linear(
    r"has (?:now )?(?:reversed|reconsidered|rejected|rescinded) (?:the|these|this|our)? ?(?:takedown|dmca|removal|counter)?[ -]?(?:notices?|requests?|decision)|decided to reject (?:this|these|the) .{0,40}notice.{0,60}restor"
)
_COUNTER_REVERSED = linear(
    r"has (?:reversed|reconsidered|rejected) the counter|decided to reject (?:this|these|the) counter|"
    r"not (?:meet|satisfy|fulfil) the requirements (?:for|of) (?:a |the )?counter"
)
_RETRACTION = linear(
    r"\bretract(?:ion|ing|ed|s)?\b|\bwithdraw(?:al|ing|n|s)?\b|\brescind(?:ing|ed|s)?\b|\bcancel(?:l?ing|l?ed|lation)?\b .{0,40}\b(?:dmca|notice|request|takedown|complaint|claim)|"
    r"(?:takedown|notice|dmca|complaint|request|removal) (?:is|are|was) (?:no longer|not) (?:needed|necessary|required|valid)|no longer (?:wish|want|need|require|seek|request|pursue|object|consider)\b|"
    r"(?:remove|revoke|reverse|undo|drop|void|disregard|ignore|lift) (?:the|this|my|our|that|these|previous|all)\s?(?:\w+ ){0,3}(?:dmca|dcma|takedown|complaint|notice|claim|request|strike)|"
    r"(?:sent|filed|submitted|made|issued) (?:by|in) (?:mistake|error)|(?:re-?enabled?|re-?instate|restore[d]?|unblock(?:ed)?)\b|resolved amicably|(?:have|has) (?:now )?(?:been )?(?:resolved|authori[sz]ed|reached an agreement)|"
    r"\bnull(?:ify|ified)?\b|\binvalidate\b|\brevoke[ds]?\b|retirar|zurückzieh|rétract|ritirare|отозвать|отзыва"
)
_COUNTER_MARKS = linear(
    r"counter[\s-]?(?:notice|notification|claim|dmca|takedown|complaint)|result of (?:a |an )?(?:mistake|error|misidentification)|consent to (?:the )?jurisdiction|(?:accept|consent to) (?:the )?service of process|"
    r"dispute the notice|files were taken down|content that has been disabled|wrongful(?:ly)? (?:removed|disabled|taken)|(?:taken down|removed|disabled|claim(?:ed)?|notice (?:is|was)|complaint (?:is|was)) (?:in error|by mistake|mistakenly|erroneous)|mistaken(?:ly)? (?:removal|removed|disabled)|"
    r"(?:does|do|did) not (?:infringe|violate|contain any)|(?:is|are) not infringing|false(?:ly)? (?:claim|dmca|copyright)|abus\w+ (?:of )?(?:the )?dmca|takedown notice is in error|lacks standing|none of the (?:code|content|material|files)|(?:request|notice|takedown|take down|claim) is in error|counter-?notification policy|fair use .{0,80}(?:defen|protect|applies)"
)
_NOTICE_MARKS = linear(
    r"should be taken down|infring(?:es|ing|ed|ement)\b|unauthori[sz]ed (?:copy|copies|use|distribution)|(?:use|posting) of the (?:copyrighted )?material\w* .{0,80}not authori[sz]ed|authori[sz]ed to act on (?:the )?behalf|alleged infringer|512\(c\)|circumvent|take ?down (?:the|this|these|request|notice)|"
    r"\bstolen\b|without (?:my|our|the owner'?s|any) (?:permission|consent|authori[sz]ation|licen[sc]e)|leaked|proprietary|violat\w+ (?:of )?(?:my|our|the) (?:copyright|licen[sc]e|rights)"
)
_DMCA = linear(
    r"\bd(?:mc|cm)a\b|digital millennium|17 u\.?\s?s\.?\s?c|u\.?s\.?c\.? ?§? ?512|512 ?\(c\)|penalty of perjury|good[ -]faith belief that (?:the )?(?:use|material|content)|takedown notice"
)
_WITHDRAWN = linear(
    r"\b(?:retract|withdraw|rescind|revok)\w*\b.{0,80}\b(?:notice|notification|complaint|claim|request|takedown|reinstatement)|(?:takedown|notice) is (?:no longer|not) (?:needed|necessary)"
)
#: "I retract my notice" may be written by either side. A retraction puts the material back at once, a counter notice only
#: after the other side was heard: what does not say that it takes back a claim is read as the one that does less harm.
_OF_A_CLAIM = linear(
    r"take[ -]?n?[ -]?down|\bd(?:mc|cm)a\b|complain|claim|request|strike|infring|remov|reinstat|restor|unblock"
)
#: Said of a letter of one's own, whatever it complained of.
_TAKEN_BACK = linear(
    r"\b(?:our|my|this|the|following|earlier|previous|prior) (?:[\w-]+ ){0,4}?(?:notice|notification|report|complaint|request|claim)s?\b[^.\n]{0,90}\b(?:(?:is|are|was|were|be|been|as) (?:hereby |now |fully )?(?:withdrawn|retracted|rescinded|revoked|cancell?ed)|(?:sent|submitted|filed|made|issued) (?:to you )?(?:in error|by mistake|in mistake|erroneously))",
    r"\b(?:we|i) (?:hereby |would like to |wish to |want to |must |are |am |have |now ){0,3}(?:withdraw|retract|rescind|revoke|cancel)(?:ing|n|ed)? (?:(?:our|my|the|this|that)\b[^.\n]{0,60}\b)?(?:notice|notification|report|complaint|request|claim)",
    r"^(?:re: ?|fwd?: ?)?(?:\[[^\]\n]{1,40}\] ?)?(?:withdrawal of|retraction of|revocation of|cancellation of|withdrawn:|rescinded:|retracted:|cancell?ed:)[^\n]{0,60}\b(?:notice|notification|report|complaint|request|claim|takedown)",
)
_ANSWERS = linear(r"consent to (?:the )?jurisdiction|accept (?:the )?service of process")
_TAIL = 15_000
_LINKED = re.compile(r"\[[^\]]{0,200}\]\(\S{0,400}\)|<a [^>]{0,400}>[^<]{0,300}</a>|https?://\S{1,2000}")


def answers(text: str) -> bool:
    """True if a letter submits to a court as 512(g)(3)(D) asks: only counter notifications do."""
    return found(_ANSWERS, text[:_TEXT])


def taken_back(subject: str, text: str) -> Form | None:
    """`retraction` if the first lines take back a notice, of whatever law; else None."""
    head = fold(f"{subject}\n{text[:700]}")
    if "counter" in head.lower():
        return None
    return Form.RETRACTION if found(_TAKEN_BACK, head) or found(phrases("retraction"), head) else None


def form(subject: str, text: str) -> Form | None:
    """Which letter under 17 USC 512 this is, or None if it is none.

    Links are left out of the weighing: a notice form links to the guide for counter notices.
    """
    head = f"{subject}\n{text[:_TEXT]}" + (f"\n{text[-_TAIL:]}" if len(text) > _TEXT + _TAIL else "")
    if not found(_DMCA, head) and not found(_WITHDRAWN, head[:3000]):
        return taken_back(subject, text)
    if subject and not found(_DMCA, head) and taken_back(subject, text):
        return Form.RETRACTION
    plain = _PREAMBLE.sub(" ", _LINKED.sub(" ", head))
    plain = " ".join([word for word in plain.split() if "/" not in word])
    if found(_COUNTER_REVERSED, plain[:1500]):
        return Form.COUNTER_NOTICE
    if found(_REVERSAL, plain[:1500]):
        return Form.RETRACTION
    counter = different(_COUNTER_MARKS, plain)
    notice = different(_NOTICE_MARKS, plain)
    retract = different(_RETRACTION, plain[:4000])
    subject_line = subject.lower()
    if "counter" in subject_line or found(phrases("counter_notice"), fold(f"{subject}\n{plain[:1500]}")):
        counter += 3
    if "retract" in subject_line or "withdraw" in subject_line:
        retract += 3
    questions = different(_NOTICE_QUESTIONS, plain) * 2
    notice += questions
    counter += different(_COUNTER_QUESTIONS, plain) * 2
    if (
        not questions
        and retract
        and counter < 3
        and retract >= notice * 0.5
        and (len(plain) < 3500 or retract >= 3)
        and found(_WITHDRAWS, plain[:2500])
    ):
        return Form.RETRACTION if found(_OF_A_CLAIM, _LINKED.sub(" ", text[:_TEXT])) else Form.COUNTER_NOTICE
    if counter >= 2 and counter > notice * 0.8:
        return Form.COUNTER_NOTICE
    if notice or found(_DMCA, subject):
        return Form.DMCA
    return Form.COUNTER_NOTICE if counter else None


#: What a host writes above a notice that it publishes or forwards.
_PREAMBLE = re.compile(r"(?is)^.{0,200}?before disabling any content.{0,1500}?\n---")
_NOTICE_QUESTIONS = linear(
    r"should be taken down|alleged infringer|original copyrighted work|is infringing:|nature of your copyright|original work referenced above|best solution for the alleged|fair use.{0,10} into consideration|copyrighted materials described above"
)
_COUNTER_QUESTIONS = linear(
    r"files were taken down|dispute the notice|content that has been disabled|nature of your content ownership|complaining party can get back|result of a mistake or misidentification"
)
_WITHDRAWS = linear(
    r"retract|withdraw|rescind|cancel|null|invalidat|no longer|not needed|by mistake|in error|re-?enabl|re-?instat|restor|amicabl|revok|resolved|authori[sz]ed the user|(?:remove|drop|lift|undo|reverse) (?:the|this|my|our|that|these)"
)
