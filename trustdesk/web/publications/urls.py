"""Addresses of what is published."""

from __future__ import annotations

from django.urls import path

from trustdesk.web.publications import views

app_name = "publications"

urlpatterns = [
    path("transparency", views.page, name="page"),
    path("transparency/key.pem", views.key, name="key"),
    path("transparency/<int:number>/<str:name>", views.download, name="download"),
]
