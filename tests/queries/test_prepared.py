"""Statements that are worked out once answer as a queryset does, with any values, on any connection."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models import Count, F
from django.db.models.functions import Upper

from trustdesk.models import Entry, Subject
from trustdesk.prepared import Prepared, together

pytestmark = pytest.mark.django_db

NAMED = Prepared(lambda names: Subject.objects.filter(ref__in=names).order_by("ref"))
SINCE = Prepared(
    lambda at, ref: Entry.objects.filter(at__gt=at, kind=ref).order_by("-seq").values_list("chain", "seq", "at")
)
NUMBERED = Prepared(lambda low: Subject.objects.filter(pk__gte=low).order_by("pk").values_list("pk", "language"))
OF_LANGUAGE = Prepared(
    lambda language: (
        Subject.objects.filter(language=language)
        .order_by()
        .values("language")
        .annotate(n=Count("pk"))
        .values_list("n", "language")
    )
)


@pytest.fixture
def five(now):
    subjects = [Subject(ref=f"c-{n}", name=f"Name {n}", language="es" if n % 2 else "en") for n in range(5)]
    Subject.objects.bulk_create(subjects)
    entries = [
        Entry(chain=n, seq=n, kind="a.b", at=now + timedelta(hours=n), actor="system", body="{}") for n in range(5)
    ]
    Entry.objects.bulk_create(entries)
    return list(Subject.objects.order_by("ref"))


def test_the_answer_is_that_of_the_queryset_whatever_the_values(five, now, django_assert_num_queries):
    for names in (["c-1"], ["c-1", "c-2"], ["c-0", "c-3", "c-4"], {"c-2"}, ["nobody", "%s", "'; --"], ["c-1"] * 7):
        with django_assert_num_queries(1):
            found = NAMED(names)
        assert found == list(Subject.objects.filter(ref__in=names).order_by("ref"))
        assert [one.name for one in found] == [f"Name {one.ref[2:]}" for one in found]
    for at in (now, now + timedelta(hours=3), now - timedelta(days=900)):
        wanted = Entry.objects.filter(at__gt=at, kind="a.b").order_by("-seq").values_list("chain", "seq", "at")
        assert SINCE(at, "a.b") == list(wanted)
    assert SINCE(now, "another") == []


def test_nothing_is_in_an_empty_list(five, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert NAMED([]) == []
        assert together(named=(NAMED, [])) == {"named": []}


def test_several_questions_are_one_statement(five, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = together(numbered=(NUMBERED, five[3].pk), spanish=(OF_LANGUAGE, "es"), none=(OF_LANGUAGE, "fr"))
    assert found == {
        "numbered": [(five[3].pk, "es"), (five[4].pk, "en")],
        "spanish": [(2, "es")],
        "none": [],
    }


def test_a_value_that_the_statement_would_change_is_refused():
    changed = Prepared(lambda name: Subject.objects.filter(name=Upper(F("ref")), ref__startswith=name))
    with pytest.raises(ValueError, match="as it was given"):
        changed("c-")


@pytest.mark.django_db(transaction=True)
def test_another_thread_asks_on_its_own_connection(five):
    found: list[Subject] = []

    def ask() -> None:
        try:
            found.extend(NAMED(["c-4"]))
        finally:
            connection.close()

    assert NAMED(["c-3"]) == [five[3]]
    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [five[4]]


def test_a_question_without_an_answer_is_a_mistake():
    nobody = Prepared(lambda ref: Subject.objects.filter(ref=ref, pk__in=()))
    with pytest.raises(ValueError, match="finds nothing"):
        nobody("c-1")


def test_keys_of_every_width_fit(five, django_user_model):
    ana = django_user_model.objects.create(username="ana")
    person = Prepared(lambda number: django_user_model.objects.filter(pk=number))
    assert person(ana.pk) == [ana]
    assert Prepared(lambda number: Subject.objects.filter(pk__lte=number))(five[0].pk) == five[:1]
