"""`trustdesk user`: people, roles and API tokens."""

from __future__ import annotations

import getpass
import secrets
import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model

from trustdesk import clock
from trustdesk.core.rights import ROLES
from trustdesk.flow import people
from trustdesk.management.base import Command as Base
from trustdesk.management.base import operator
from trustdesk.queries import api


class Command(Base):
    """Add, list and change people; print new API tokens once."""

    help = "people, roles and API tokens"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command each."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=ArgumentParser)
        add = verbs.add_parser("add", help="let a person in")
        add.add_argument("username")
        add.add_argument("--role", action="append", default=[], choices=ROLES, help="may be repeated")
        add.add_argument("--name", default="", help="as shown to colleagues")
        add.add_argument("--email", default="")
        _password_source(add)
        role = verbs.add_parser("role", help="give a person these roles and no others")
        role.add_argument("username")
        role.add_argument("role", nargs="*", choices=[[], *ROLES])
        password = verbs.add_parser("password", help="set a person's password")
        password.add_argument("username")
        _password_source(password)
        for verb, text in (
            ("disable", "put a person out"),
            ("enable", "let a person back in"),
            ("forget-factors", "remove the second factors of somebody who lost theirs"),
        ):
            verbs.add_parser(verb, help=text).add_argument("username")
        listing = verbs.add_parser("list", help="who is there, with which roles; API tokens too")
        listing.add_argument("--json", action="store_true", help="one JSON object a line")
        token = verbs.add_parser("token", help="print a new API token, once")
        token.add_argument("--name", required=True, help="what it is for, so that people recognise it")
        token.add_argument("--account", required=True, metavar="ID", help="whose it is; reports belong to the account")
        token.add_argument("--scope", required=True, nargs="+", choices=people.SCOPES)
        token.add_argument("--days", type=int, metavar="N", help="expires after N days (default: never)")
        revoke = verbs.add_parser("revoke", help="make an API token worthless")
        revoke.add_argument("token", type=int, help="its number, as `user list` shows it")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Do the one thing asked for."""
        changed: dict[str, Any] = {"actor": operator(), "now": clock.now()}
        match verb:
            case "add":
                password = self._password(options)
                people.add(
                    options["username"],
                    roles=options["role"],
                    password=password,
                    name=options["name"],
                    email=options["email"],
                    **changed,
                )
            case "role":
                people.set_roles(options["username"], options["role"], **changed)
            case "password":
                people.set_password(options["username"], self._password(options), **changed)
            case "disable" | "enable":
                people.set_active(options["username"], verb == "enable", **changed)
            case "forget-factors":
                self.say(f"removed: {people.forget_factors(options['username'], **changed)}")
            case "list":
                self._list(options["json"])
            case "token":
                self._token(options, changed)
            case "revoke":
                people.revoke_token(options["token"], **changed)

    def _password(self, options: dict[str, Any]) -> str:
        if options["generate"]:
            made = secrets.token_urlsafe(12)
            self.say(made)
            return made
        if sys.stdin.isatty():
            return getpass.getpass("Password: ")
        return sys.stdin.readline().rstrip("\n")

    def _token(self, options: dict[str, Any], changed: dict[str, Any]) -> None:
        secret = f"td_{secrets.token_urlsafe(32)}"
        expires = changed["now"] + timedelta(days=options["days"]) if options["days"] is not None else None
        people.issue_token(
            secret,
            name=options["name"],
            account=options["account"],
            scopes=options["scope"],
            expires_at=expires,
            **changed,
        )
        self.say(secret)
        self.note("Keep it now: only its digest is stored, and nobody can show it again.")

    def _list(self, as_json: bool) -> None:
        for user in get_user_model().objects.prefetch_related("groups").order_by("username"):
            roles = sorted(group.name for group in user.groups.all())
            if as_json:
                self.say_json({"username": user.username, "roles": roles, "active": user.is_active})
            else:
                self.say(f"{user.username:24} {', '.join(roles) or '-'}{'' if user.is_active else '  (disabled)'}")
        for token, state in api.tokens(now=clock.now()):
            known = {"token": token.pk, "name": token.name, "account": token.account, "begins": token.prefix}
            if as_json:
                self.say_json(known | {"scopes": token.scopes, "state": state, "expires_at": token.expires_at})
            else:
                self.say(
                    f"token {token.pk}: {token.prefix}… {token.account} {'+'.join(token.scopes)} {state} ({token.name})"
                )


def _password_source(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--generate",
        action="store_true",
        help="make up a password and print it; otherwise it is asked or read from stdin",
    )
