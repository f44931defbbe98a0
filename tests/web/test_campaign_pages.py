"""Cases that share a sign: on the page of each, on a page of their own, and decided together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from trustdesk.models import Asset, Case, Decision, Sign, Subject

KIT = "/bancoazul/acceso-seguro/verificar"


@pytest.fixture
def kit(site, report, drain):
    """Three customers with the same kit, and one case of something else."""
    for number in range(3):
        owner = Subject.objects.create(
            ref=f"c-{number}", name=f"Customer {number}", email=f"{number}@customers.example"
        )
        Asset.objects.create(
            subject=owner, kind="site", ref=f"s-{number}", value=f"shop-{number}.example", role="hosting"
        )
        report(f"https://shop-{number}.example{KIT}?v={number}")
    report("https://login-bancoazul.example/index.php")
    drain()
    return list(Case.objects.filter(subject__ref__startswith="c-").exclude(subject=site.subject).order_by("id"))


def test_the_case_names_its_campaign_and_the_campaign_its_cases(browser, ana, site, kit):
    client = browser(ana)
    text = client.get(f"/desk/case/{kit[0].code}").content.decode()
    assert "Campaign" in text
    assert KIT in text
    assert "this and 2 other cases<" in text
    other = Case.objects.get(subject=site.subject)
    assert "h-campaign" not in client.get(f"/desk/case/{other.code}").content.decode()
    page = client.get(f"/desk/campaign/{Sign.objects.first().key}").content.decode()
    assert KIT in page
    assert "3 cases within a month" in page
    assert all(case.code in page for case in kit)
    assert other.code not in page
    assert client.get(f"/desk/campaign/{'0' * 32}").status_code == 404


def test_its_open_cases_are_decided_together(browser, ana, kit):
    client = browser(ana)
    page = client.get(f"/desk/campaign/{Sign.objects.first().key}").content.decode()
    assert page.count('form="bulk" name="case"') == 3
    answer = client.post("/desk/bulk", {"do": "form", "case": [case.code for case in kit]}).content.decode()
    assert all(case.code in answer for case in kit)
    reasons = "The page imitates the sign-in of a bank and sends what visitors type to a third party."
    client.post("/desk/bulk", {"do": "decide", "choice": "no_violation", "reasons": reasons, "case": [kit[0].code]})
    assert Decision.objects.get().case == kit[0]
    page = client.get(f"/desk/campaign/{Sign.objects.first().key}").content.decode()
    assert "no violation 1" in page
    assert page.count('form="bulk" name="case"') == 2


def test_what_is_long_ago_is_no_campaign_of_today(browser, ana, kit, now):
    Case.objects.filter(pk=kit[0].pk).update(opened_at=now - timedelta(days=40))
    Sign.objects.filter(case=kit[0]).update(at=now - timedelta(days=40))
    client = browser(ana)
    assert "this and 1 other case<" in client.get(f"/desk/case/{kit[1].code}").content.decode()
    assert "h-campaign" not in client.get(f"/desk/case/{kit[0].code}").content.decode()
    assert kit[0].code not in client.get(f"/desk/campaign/{Sign.objects.first().key}").content.decode()


def test_a_sealed_case_of_a_campaign_is_seen_by_few(browser, ana, diego, kit):
    Case.objects.filter(pk=kit[2].pk).update(category="child_safety")
    for user, sees in ((ana, False), (diego, True)):
        client = browser(user)
        said = "this and 2 other cases<" if sees else "this and 1 other case<"
        assert said in client.get(f"/desk/case/{kit[0].code}").content.decode()
        assert (kit[2].code in client.get(f"/desk/campaign/{Sign.objects.first().key}").content.decode()) == sees


def test_the_same_page_of_the_same_site_is_no_campaign(browser, ana, site, report, drain):
    report(f"https://login-bancoazul.example{KIT}")
    report(f"https://login-bancoazul.example{KIT}", category="fraud")
    drain()
    assert Case.objects.count() == 2
    text = browser(ana).get(f"/desk/case/{Case.objects.first().code}").content.decode()
    assert "h-campaign" not in text
