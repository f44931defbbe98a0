"""One worked example of every letter, as plain facts; the golden files are made from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from trustdesk.flow.letters import LetterFacts, LetterMeasure

DESK = LetterFacts(
    provider="Nube Norte Hosting",
    legal_name="Nube Norte Hosting S.A. de C.V.",
    address="abuse@nube-norte.example",
    contact="https://nube-norte.example/contact",
    case_code="C-7F3K-2Q",
    report_code="R-2K9P-0M",
    received_at=datetime(2026, 11, 16, 9, 12, tzinfo=UTC),
    category="phishing",
    targets=("https://login-bancoazul.example/acceso/verificar",),
)
TO_REPORTER = replace(
    DESK,
    recipient="reporter",
    recipient_name="Lucía Ferrer",
    link="https://desk.nube-norte.example/status/2K9P0M-mfzwizlsmfzwizlsmfzwizlsmfzwizls",
)
TO_CUSTOMER = replace(
    DESK,
    recipient="customer",
    recipient_name="Orbital Hosting SA",
    link="https://desk.nube-norte.example/c/7F3K2Q9G4H0A-mfzwizlsmfzwizlsmfzwizlsmfzwizls",
)
REASONS = (
    "The page at /acceso/verificar copies the sign-in page of Banco Azul, with its name and logo, and asks for user "
    "name, password and token.\n\nWhat visitors type goes to a server that does not belong to the bank. We opened the "
    "page on 16 November 2026 at 09:31 UTC and kept a copy."
)
DECIDED = {
    "outcome": "measures",
    "ground": "policy",
    "clause_id": "2.1",
    "clause_title": "Phishing and stolen credentials",
    "clause_text": "You must not use our services to pose as another person or company in order to obtain credentials, "
    "payment data or money.",
    "reasons": REASONS,
    "measures": (LetterMeasure("site_disable", target="login-bancoazul.example"),),
    "decided_at": datetime(2026, 11, 16, 9, 40, tzinfo=UTC),
    "appeal_until": datetime(2027, 5, 18, 9, 40, tzinfo=UTC),
}
CLAIM = (
    "Hello abuse team,\n\nthe page https://login-bancoazul.example/acceso/verificar imitates our online banking and "
    "asks our clients for their password. Please take it down.\n\nBanco Azul CSIRT"
)
COUNTER_NOTICE = (
    "To the designated agent:\n\n1. Removed: https://shop-1.example/album/track-07.flac\n2. I swear, under penalty of "
    "perjury, that I have a good faith belief that the material was disabled as a result of mistake: I wrote and "
    "recorded it.\n3. Marta Olmos, Calle 5 no. 12, Oaxaca; +52 55 5555 0100; marta@shop-1.example\n4. I consent to the "
    "jurisdiction of the Federal District Court in which the provider may be found, and will accept service of process "
    "from the person who provided the notification.\n\n/s/ Marta Olmos"
)
LAW = {
    "ground": "law",
    "law": "Article 388 of the Federal Penal Code",
    "clause_id": "",
    "clause_title": "",
    "clause_text": "",
}
SUSPENDED = {
    "targets": (),
    "strikes": 4,
    "warned_at": datetime(2026, 11, 2, 10, 0, tzinfo=UTC),
    "waits_from": datetime(2026, 11, 16, 9, 40, tzinfo=UTC),
    "waits_until": datetime(2026, 11, 30, 9, 40, tzinfo=UTC),
    "appeal_until": DECIDED["appeal_until"],
    "reasons": (
        "Four times you reported https://shop-9.example/ as phishing. Each time it was the shop of the brand's own dealer."
    ),
    "weighed": (
        ("number", "Four within three weeks."),
        ("share", "Four of four."),
        ("gravity", "The shop would have been closed before the holidays."),
        ("intent", "You wrote that you sell the same goods."),
    ),
}

#: name of the golden file → (kind of letter, facts)
SAMPLES: dict[str, tuple[str, LetterFacts]] = {
    "acknowledgement": (
        "acknowledgement",
        replace(TO_REPORTER, expected_by=datetime(2026, 11, 18, 9, 12, tzinfo=UTC)),
    ),
    "acknowledgement-bare": (
        "acknowledgement",
        replace(TO_REPORTER, recipient_name="", category="other", targets=(), link=""),
    ),
    "outcome-measures": (
        "outcome",
        replace(TO_REPORTER, **DECIDED, not_ours=("https://cdn.elsewhere.example/kit.zip",)),
    ),
    "outcome-no_violation": (
        "outcome",
        replace(
            TO_REPORTER,
            outcome="no_violation",
            ground="none",
            reasons="The page asks for no password. It is the bank's own list of sites that it has reported.",
            decided_at=DECIDED["decided_at"],
            appeal_until=DECIDED["appeal_until"],
            out_of_court="Mesa de Acuerdos, https://acuerdos.example/",
        ),
    ),
    "outcome-insufficient": (
        "outcome",
        replace(TO_REPORTER, outcome="insufficient", answer_by=datetime(2026, 11, 23, 12, 0, tzinfo=UTC)),
    ),
    "outcome-forwarded": (
        "outcome",
        replace(TO_REPORTER, outcome="forwarded", answer_by=datetime(2026, 11, 17, 9, 40, tzinfo=UTC)),
    ),
    "outcome-duplicate": ("outcome", replace(TO_REPORTER, outcome="duplicate", duplicate_of="C-7F3K-2Q")),
    "not_ours": (
        "not_ours",
        replace(
            TO_REPORTER,
            not_ours=("https://login-bancoazul.example/acceso/verificar", "203.0.113.41"),
            where_to_turn=(
                "The company that hosts the site: look it up at https://lookup.example/ and write to its abuse contact.",
                "Orbital Networks, for 203.0.113.0/24: abuse@orbital.example",
            ),
        ),
    ),
    "statement-policy": ("statement_of_reasons", replace(TO_CUSTOMER, **DECIDED)),
    "statement-law": (
        "statement_of_reasons",
        replace(
            TO_CUSTOMER,
            **{**DECIDED, **LAW},
            origin="own_initiative",
            automated=True,
            detection_automated=True,
            out_of_court="Mesa de Acuerdos, https://acuerdos.example/",
        ),
    ),
    "statement-several": (
        "statement_of_reasons",
        replace(
            TO_CUSTOMER,
            **{
                **DECIDED,
                "measures": (
                    LetterMeasure("path_block", target="https://shop-1.example/a.zip", scope=("MX", "DE")),
                    LetterMeasure(
                        "mail_block", target="ventas@shop-1.example", until=datetime(2026, 12, 1, tzinfo=UTC)
                    ),
                ),
            },
            reporter_name="Banco Azul",
        ),
    ),
    "statement-dmca": (
        "statement_of_reasons",
        replace(
            TO_CUSTOMER,
            category="copyright",
            targets=("https://shop-1.example/album/track-07.flac",),
            **{
                **DECIDED,
                **LAW,
                "law": "17 USC 512(c)(1)(C)",
                "reasons": "A notice that names the work and the page reached us, with all that the law asks of it.",
                "measures": (LetterMeasure("path_block", target="https://shop-1.example/album/track-07.flac"),),
            },
            reporter_name="Discos del Sur",
            counter_notice_elements=tuple(
                f"us-dmca-512c.el.cn-{name}"
                for name in ("signature", "material", "perjury", "identity", "jurisdiction", "service")
            ),
        ),
    ),
    "forward": (
        "forward",
        replace(TO_CUSTOMER, answer_by=datetime(2026, 11, 17, 9, 40, tzinfo=UTC)),
    ),
    "forward-quoted": (
        "forward",
        replace(
            TO_CUSTOMER,
            claim_quote=CLAIM,
            reporter_name="Banco Azul CSIRT",
            answer_by=datetime(2026, 11, 17, 9, 40, tzinfo=UTC),
        ),
    ),
    "appeal_received": (
        "appeal_received",
        replace(
            TO_CUSTOMER,
            decided_at=DECIDED["decided_at"],
            appeal_received_at=datetime(2026, 11, 17, 15, 2, tzinfo=UTC),
            expected_by=datetime(2026, 11, 24, 15, 2, tzinfo=UTC),
        ),
    ),
    **{
        f"appeal_outcome-{result}": (
            "appeal_outcome",
            replace(
                TO_CUSTOMER,
                appeal_outcome=result,
                appeal_received_at=datetime(2026, 11, 17, 15, 2, tzinfo=UTC),
                appeal_reasons=why,
                decided_at=DECIDED["decided_at"],
                appeal_decided_at=datetime(2026, 11, 19, 10, 0, tzinfo=UTC),
                measures=DECIDED["measures"],
                lifted=DECIDED["measures"] if result == "upheld" else (),
                out_of_court="Mesa de Acuerdos, https://acuerdos.example/" if result != "upheld" else "",
            ),
        )
        for result, why in (
            ("upheld", "The site had been broken into. You removed the page and closed the hole; we checked both."),
            ("partly_upheld", "Only one directory holds the copied page. The rest of the site can come back."),
            ("dismissed", "The page was still there when we looked on 19 November 2026 at 09:55 UTC."),
        )
    },
    "missing_elements": (
        "missing_elements",
        replace(
            TO_REPORTER,
            category="copyright",
            targets=("https://shop-1.example/album/track-07.flac",),
            missing=(
                "us-dmca-512c.el.signature",
                "us-dmca-512c.el.accuracy-perjury: States that it is accurate",
                "the name of the label that you act for",
            ),
            answer_by=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        ),
    ),
    "ask": (
        "ask",
        replace(
            TO_REPORTER,
            question="On which day, and at what time, did you see the page? A full screenshot would help.",
            answer_by=datetime(2026, 11, 18, 12, 0, tzinfo=UTC),
        ),
    ),
    "counter_notice_copy": (
        "counter_notice_copy",
        replace(
            TO_REPORTER,
            category="copyright",
            law="17 USC 512(g)(2)",
            targets=("https://shop-1.example/album/track-07.flac",),
            appeal_received_at=datetime(2026, 11, 17, 15, 2, tzinfo=UTC),
            restore_after=datetime(2026, 12, 3, 15, 2, tzinfo=UTC),
            restore_by=datetime(2026, 12, 9, 15, 2, tzinfo=UTC),
            counter_notice=COUNTER_NOTICE,
        ),
    ),
    "restored-customer": (
        "restored",
        replace(
            TO_CUSTOMER,
            measures=DECIDED["measures"],
            appeal_reasons="You removed the page and closed the hole through which it came; we checked both.",
        ),
    ),
    "restored-reporter": (
        "restored",
        replace(
            TO_REPORTER,
            measures=DECIDED["measures"],
            reasons="The customer removed the page and closed the hole through which it came; we checked both.",
        ),
    ),
    "strike_warning-customer": (
        "strike_warning",
        replace(
            TO_CUSTOMER,
            category="copyright",
            targets=("https://shop-1.example/album/track-07.flac",),
            strikes=2,
            strike_limit=3,
            strike_expires_at=datetime(2027, 11, 16, 0, 0, tzinfo=UTC),
            consequence="account_suspend",
            appeal_until=DECIDED["appeal_until"],
        ),
    ),
    "misuse_warning-reporter": (
        "misuse_warning",
        replace(
            TO_REPORTER,
            targets=(),
            strikes=5,
            strike_limit=8,
            consequence="we handle your reports after those of others for a time",
            reasons="They name pages that do not exist, and did not exist when you reported them.",
        ),
    ),
    "misuse_warning-customer": (
        "misuse_warning",
        replace(
            TO_CUSTOMER,
            targets=(),
            strikes=1,
            strike_limit=3,
            consequence="we handle your complaints after those of others for a time",
            appeal_until=DECIDED["appeal_until"],
        ),
    ),
    "suspension-reporter": ("suspension", replace(TO_REPORTER, **SUSPENDED)),
    "suspension-customer": (
        "suspension",
        replace(TO_CUSTOMER, **SUSPENDED, out_of_court="Mesa de Acuerdos, https://acuerdos.example/"),
    ),
    "suspension_answer-upheld": (
        "suspension_answer",
        replace(
            TO_REPORTER, appeal_outcome="upheld", appeal_reasons="Two of the pages had been changed when we looked."
        ),
    ),
    "suspension_answer-dismissed": (
        "suspension_answer",
        replace(
            TO_REPORTER,
            appeal_outcome="dismissed",
            appeal_reasons="We looked at all three pages again, as they stood when you reported them.",
            waits_until=SUSPENDED["waits_until"],
            out_of_court="Mesa de Acuerdos, https://acuerdos.example/",
        ),
    ),
    "suspension_answer-lifted": (
        "suspension_answer",
        replace(TO_CUSTOMER, appeal_outcome="lifted", appeal_reasons="The person who wrote the complaints has left."),
    ),
    "acknowledgement-waits": ("acknowledgement", replace(TO_REPORTER, waits_until=SUSPENDED["waits_until"])),
    "appeal_received-waits": (
        "appeal_received",
        replace(
            TO_CUSTOMER,
            appeal_received_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
            waits_until=SUSPENDED["waits_until"],
        ),
    ),
}
