"""Addresses that are open to the world."""

from __future__ import annotations

from django.urls import path

from trustdesk.web.public import account, private, report, survey, suspended

app_name = "public"

urlpatterns = [
    path("", report.home, name="home"),
    path("report", report.report, name="report"),
    path("report/all", report.on_one_page, name="report-all"),
    path("help/child", report.help_for, {"topic": "child"}, name="help-child"),
    path("help/images", report.help_for, {"topic": "images"}, name="help-images"),
    path("report/thanks/<str:token>", report.thanks, name="thanks"),
    path("status/<str:token>", private.status, name="status"),
    path("survey/<str:token>", survey.show, name="survey"),
    path("suspended/<str:token>", suspended.show, name="suspended"),
    path("c/<str:token>", private.customer, name="customer"),
    path("c/<str:token>/history", account.history, name="account"),
    path("c/<str:token>/history.json", account.history, {"form": "json"}, name="account-json"),
    path("c/<str:token>/history.csv", account.history, {"form": "csv"}, name="account-csv"),
]
