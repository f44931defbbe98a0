"""Addresses that are open to the world."""

from __future__ import annotations

from django.urls import path

from trustdesk.web.public import private, report

app_name = "public"

urlpatterns = [
    path("", report.home, name="home"),
    path("report", report.report, name="report"),
    path("report/thanks/<str:token>", report.thanks, name="thanks"),
    path("status/<str:token>", private.status, name="status"),
    path("c/<str:token>", private.customer, name="customer"),
]
