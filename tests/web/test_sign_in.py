"""Sign-in: second factors, recovery codes, security keys, sessions that can be ended, and the company's own provider."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client, TestCase

from tests.web.conftest import PASSWORD
from tests.web.window import CHROMIUM, Window, chromium
from trustdesk.core.types import Actor
from trustdesk.flow import people
from trustdesk.models import Entry
from trustdesk.queries import access
from trustdesk.settings import accounts

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
HOME = "/desk/account/"


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


def sign_in(client: Client, name: str) -> Any:
    return client.post("/desk/sign-in", {"username": name, "password": PASSWORD})


def code(secret: str, back: int = 0) -> str:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 - back))


def confirm(client: Client) -> None:
    """Show the password again, as the pages ask before anything about the account changes."""
    assert client.get(HOME + "app/add").headers["Location"].startswith(HOME + "confirm")
    assert client.post(HOME + "confirm", {"password": PASSWORD}).status_code == 302


def enrol(client: Client) -> str:
    """Add an authenticator app by the pages; returns its secret."""
    confirm(client)
    page = client.get(HOME + "app/add")
    assert page.status_code == 200, page.headers
    secret = page.context["form"].secret
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(HOME + "app/add", {"code": code(secret)})
    assert answer.headers["Location"] == HOME + "codes"
    return str(secret)


def journal() -> list[tuple[str, dict[str, Any]]]:
    rows = Entry.objects.filter(chain=0, kind__startswith="person.").order_by("seq")
    return [(row.kind, json.loads(row.body)) for row in rows]


def test_a_password_alone_opens_the_desk_where_no_factor_is_asked(client: Client, ana: Any) -> None:
    answer = sign_in(client, "ana")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk/")
    assert client.get("/desk/").status_code == 200


def test_who_comes_through_a_socket_has_no_address_and_still_gets_in(ana: Any) -> None:
    client = Client(REMOTE_ADDR="")
    assert sign_in(client, "ana").headers["Location"] == "/desk/"
    assert client.get(HOME + "sessions").status_code == 200


def test_confirming_is_limited_too(client: Client, ana: Any) -> None:
    sign_in(client, "ana")
    answers = [client.post(HOME + "confirm", {"password": "wrong"}) for _ in range(12)]
    assert (answers[0].status_code, answers[-1].status_code) == (200, 429)
    assert "Too many at once" in answers[-1].content.decode()


def test_an_app_is_added_asked_for_and_a_recovery_code_works_once(client: Client, ana: Any) -> None:
    sign_in(client, "ana")
    secret = enrol(client)
    codes = client.get(HOME + "codes").context["unused_codes"]
    assert len(codes) == 10
    stored = ana.authenticator_set.values_list("data", flat=True)
    assert all(secret not in json.dumps(data) for data in stored), "the seed lies encrypted"
    cache.clear()  # a code works once, and time does not pass here
    fresh = Client()
    answer = sign_in(fresh, "ana")
    assert answer.headers["Location"] == HOME + "second-factor"
    assert fresh.get("/desk/").status_code == 302, "the password alone opens nothing"
    wrong = fresh.post(HOME + "second-factor", {"code": "000000"})
    assert wrong.status_code == 200 and "Incorrect code" in wrong.content.decode()
    assert fresh.post(HOME + "second-factor", {"code": code(secret)}).headers["Location"] == "/desk/"
    assert fresh.get("/desk/").status_code == 200
    lost = Client()
    sign_in(lost, "ana")
    assert lost.post(HOME + "second-factor", {"code": codes[0]}).headers["Location"] == "/desk/"
    again = Client()
    sign_in(again, "ana")
    assert again.post(HOME + "second-factor", {"code": codes[0]}).status_code == 200
    kinds = [(kind, body["factor"]) for kind, body in journal()]
    assert kinds == [("person.factor_added", "totp"), ("person.factor_added", "recovery_codes")]
    assert people.forget_factors("ana", actor=Actor("system", "shell"), now=ana.date_joined) == 2
    assert fresh.get("/desk/").status_code == 302, "the sessions end with the factors"
    assert sign_in(Client(), "ana").headers["Location"] == "/desk/"


def test_wrong_codes_are_counted(client: Client, ana: Any) -> None:
    sign_in(client, "ana")
    enrol(client)
    fresh = Client()
    sign_in(fresh, "ana")
    answers = [fresh.post(HOME + "second-factor", {"code": "000000"}).content.decode() for _ in range(7)]
    assert "Incorrect code" in answers[0] and "Incorrect code" not in answers[-1]


def test_a_role_that_needs_a_factor_opens_nothing_without_one(
    browser: Any, ana: Any, diego: Any, settings: Any
) -> None:
    settings.DESK = dataclasses.replace(settings.DESK, second_factor=("senior",))
    assert browser(ana).get("/desk/").status_code == 200
    client = Client()
    sign_in(client, "diego")
    assert client.get("/desk/").headers["Location"] == HOME
    assert "needs a second factor" in client.get(HOME).content.decode()
    enrol(client)
    assert client.get("/desk/").status_code == 200


def test_a_person_sees_and_ends_their_sessions_and_no_others(ana: Any, diego: Any) -> None:
    here, there, other = Client(), Client(headers={"User-Agent": "an\u202eother browser"}), Client()
    for one, name in ((here, "ana"), (there, "ana"), (other, "diego")):
        sign_in(one, name)
    page = here.get(HOME + "sessions").content.decode()
    assert "other browser" in page and "\u202e" not in page
    from allauth.usersessions.models import UserSession

    theirs = UserSession.objects.get(session_key=other.session.session_key).pk
    assert here.post(HOME + "sessions", {"session": theirs}).status_code == 404
    mine = UserSession.objects.get(session_key=there.session.session_key).pk
    assert here.post(HOME + "sessions", {"session": mine}).status_code == 302
    assert there.get("/desk/").status_code == 302
    assert here.get("/desk/").status_code == other.get("/desk/").status_code == 200
    assert journal()[-1][0] == "person.sessions_ended"


def test_a_new_password_ends_the_other_sessions(ana: Any) -> None:
    here, there = Client(), Client()
    sign_in(here, "ana"), sign_in(there, "ana")
    confirm(here)
    assert here.post(HOME + "password", {"password": "short", "again": "short"}).status_code == 422
    fresh = "another long password"
    assert here.post(HOME + "password", {"password": fresh, "again": fresh}).status_code == 302
    assert (here.get("/desk/").status_code, there.get("/desk/").status_code) == (200, 302)


def test_nobody_signs_up_and_there_is_no_provider_unless_told(client: Client) -> None:
    for path in ("signup/", "signup", "password/reset/", "email/", "company/sign-in", "company/callback"):
        assert client.get(HOME + path).status_code == 404, path


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium found; set TRUSTDESK_TEST_CHROMIUM")
def test_a_security_key_is_added_and_opens_the_desk(engine: Any, client: Client, ana: Any) -> None:
    sign_in(client, "ana")
    window = Window(engine, client)
    page = window.page
    confirm(client)
    keys = window.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(HOME + "keys/add")
    page.get_by_role("button", name="Add the key").click()
    page.wait_for_url("**/desk/account/codes", timeout=5000)
    page.goto("/desk/")
    client.logout()
    sign_in(client, "ana")
    page.goto(HOME + "second-factor")
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url("**/desk/")
    assert client.get("/desk/").status_code == 200
    assert (window.complaints, window.elsewhere) == ([], [])
    window.close()


class Provider(HTTPServer):
    """An OpenID Connect provider that lets in whoever `person` is, with PKCE and an RS256 token."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa

        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.person: dict[str, Any] = {}
        self.challenge = ""
        self.trouble: list[str] = []


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _say(self, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        issuer = self.server.issuer
        if self.path.startswith("/.well-known/"):
            names = ("authorization", "token", "userinfo")
            self._say(
                {"issuer": issuer, "jwks_uri": f"{issuer}/keys"} | {f"{n}_endpoint": f"{issuer}/{n}" for n in names}
            )
        elif self.path == "/userinfo":
            self._say(self.server.person)

    def do_POST(self) -> None:
        import jwt

        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        verifier = fields.get("code_verifier", [""])[0]
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if proof != self.server.challenge:
            self.server.trouble.append("no PKCE")
        now = int(time.time())
        claims = self.server.person | {"iss": self.server.issuer, "aud": "desk", "iat": now, "exp": now + 60}
        self._say(
            {"access_token": "a", "token_type": "Bearer", "id_token": jwt.encode(claims, self.server.key, "RS256")}
        )


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    server = Provider()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    oidc = {
        "name": "Nube Norte", "server": server.issuer, "client_id": "desk", "groups": "groups",
        "roles": {"abuse-desk": "investigator", "abuse-leads": "senior"},
    }  # fmt: skip
    settings.DESK = dataclasses.replace(settings.DESK, oidc=oidc, second_factor=("senior",))
    settings.SOCIALACCOUNT_PROVIDERS = accounts.providers(settings.DESK)
    yield server
    server.shutdown()
    server.server_close()


def through(provider: Provider, client: Client, **person: Any) -> Any:
    """Walk the whole way: to the provider, and back with what it says."""
    provider.person = person
    away = urlsplit(client.get(HOME + "company/sign-in").headers["Location"])
    assert f"{away.scheme}://{away.netloc}" == provider.issuer
    asked = {name: values[0] for name, values in parse_qs(away.query).items()}
    provider.challenge = asked["code_challenge"]
    assert asked["code_challenge_method"] == "S256"
    return client.get(asked["redirect_uri"], {"code": "c", "state": asked["state"]})


def test_the_provider_lets_in_by_groups_and_its_groups_are_the_roles(
    client: Client, provider: Provider, ana: Any
) -> None:
    assert "Sign in with Nube Norte" in client.get("/desk/sign-in").content.decode()
    answer = through(
        provider, client, sub="7", preferred_username="ana", groups=["abuse-leads", "all"], email="a@x.example"
    )
    assert answer.headers["Location"] == "/desk/", "and its own second factor is enough"
    assert client.get("/desk/").status_code == 200
    fresh = get_user_model().objects.get(username="ana2")  # the account of that name stays whose it was
    assert access.roles(fresh) == {"senior"}
    assert not fresh.has_usable_password()
    assert access.roles(ana) == {"investigator"}
    through(provider, Client(), sub="7", preferred_username="ana", groups=["abuse-desk"])
    assert access.roles(get_user_model().objects.get(pk=fresh.pk)) == {"investigator"}
    assert [kind for kind, _ in journal()] == ["person.added", "person.roles_set"]
    assert provider.trouble == []


def test_who_carries_no_role_or_was_put_out_is_not_let_in(provider: Provider, ana: Any) -> None:
    refused = Client()
    assert through(provider, refused, sub="8", preferred_username="eve", groups=["marketing"]).status_code == 403
    assert refused.get("/desk/").status_code == 302
    assert not get_user_model().objects.filter(username="eve").exists()
    through(provider, Client(), sub="9", preferred_username="bob", groups=["abuse-desk"])
    people.set_active("bob", False, actor=Actor("system", "t"), now=ana.date_joined)
    out = Client()
    through(provider, out, sub="9", preferred_username="bob", groups=["abuse-desk"])
    assert out.get("/desk/").status_code == 302
    forged = Client()
    forged.get(HOME + "company/sign-in")
    assert forged.get(HOME + "company/callback", {"code": "c", "state": "guessed"}).status_code != 302
    assert forged.get("/desk/").status_code == 302
