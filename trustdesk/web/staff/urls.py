"""Addresses of the desk."""

from __future__ import annotations

from django.urls import path

from trustdesk.web.staff import (
    acts,
    appeals,
    case,
    decide,
    find,
    law,
    ledger,
    parts,
    queue,
    reports,
    sign_in,
    targets,
    traffic,
)

app_name = "staff"

urlpatterns = [
    path("sign-in", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-out", sign_in.SignOut.as_view(), name="sign-out"),
    path("", queue.show, name="queue"),
    path("next", queue.next_case, name="next"),
    path("case/<str:code>", case.show, name="case"),
    path("case/<str:code>/targets", targets.show, name="targets"),
    path("case/<str:code>/decide", decide.decide, name="decide"),
    path("case/<str:code>/assign", acts.assign, name="assign"),
    path("case/<str:code>/read", acts.read, name="read"),
    path("case/<str:code>/elements", acts.correct_elements, name="elements"),
    path("case/<str:code>/regime", acts.confirm_regime, name="regime"),
    path("measure/<int:number>/retry", acts.retry_measure, name="measure-retry"),
    path("held", decide.held, name="held"),
    path("held/<int:number>", decide.settle, name="settle"),
    path("appeals", appeals.listing, name="appeals"),
    path("appeals/<int:number>", appeals.show, name="appeal"),
    path("incoming", traffic.incoming, name="incoming"),
    path("incoming/<str:code>", traffic.report, name="report"),
    path("incoming/<str:code>/reread", traffic.reread, name="reread"),
    path("outbox", traffic.outbox, name="outbox"),
    path("outbox/mailbox", traffic.local_mailbox, name="mailbox"),
    path("outbox/<int:number>", traffic.letter, name="letter"),
    path("outbox/<int:number>/dsa.json", traffic.dsa_record, name="letter-dsa"),
    path("failed", traffic.failed, name="failed"),
    path("failed/<int:number>/retry", traffic.retry, name="retry"),
    path("reports", reports.show, name="reports"),
    path("ledger", ledger.show, name="ledger"),
    path("law", law.listing, name="law"),
    path("law/<slug:ident>", law.regime, name="law-regime"),
    path("case/<str:code>/law", law.on_case, name="law-case"),
    path("search", find.search, name="search"),
    path("find", find.palette, name="find"),
    path("parts", parts.show, name="parts"),
]
