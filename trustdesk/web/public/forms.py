"""The report form: what it asks, what the law needs for which kind of complaint, and how it becomes a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from trustdesk.core.types import Category

#: Most frequent first; the rest in alphabetical order of their names.
FIRST = ("phishing", "malware", "copyright", "trademark", "spam", "fraud", "network_attack", "ncii", "child_safety")
#: Reporters need not say who they are about these (DSA Article 16(2)(c)).
NAMELESS = frozenset({"child_safety"})
LINES, TEXT = 1000, 20_000

#: What people call the categories when they choose one.
ASK = {
    "phishing": _("Phishing: a page that poses as somebody else"),
    "malware": _("Malware: a harmful download or page"),
    "copyright": _("Copyright: my work is used without permission"),
    "trademark": _("Trademark or counterfeits"),
    "spam": _("Spam"),
    "fraud": _("Fraud or a fake shop"),
    "network_attack": _("Attack on a network: scanning, password guessing, flooding"),
    "ncii": _("Intimate images shared without consent"),
    "child_safety": _("Sexual abuse of children"),
    "botnet": _("Control of infected computers"),
    "vulnerable_service": _("An open or vulnerable service"),
    "compromised": _("A site or server that was taken over"),
    "violent_threat": _("A threat of violence"),
    "terrorism": _("Terrorist content"),
    "harassment": _("Harassment or stalking"),
    "doxing": _("My private data were published"),
    "illegal_goods": _("Sale of illegal goods or services"),
    "registration_data": _("Wrong or missing registration data of a domain"),
    "domain_dispute": _("Dispute about a domain name"),
    "account_takeover": _("Stolen account"),
    "government_order": _("Order of a court or an authority"),
    "data_request": _("Request for data by an authority"),
    "other": _("Something else"),
}


def choices() -> list[tuple[str, Any]]:
    """The categories as the select offers them."""
    rest = sorted((c for c in Category if c not in FIRST and c != "other"), key=lambda c: str(ASK[c]).lower())
    return [("", _("Please choose")), *((c, ASK[c]) for c in (*FIRST, *rest)), ("other", ASK["other"])]


class ReportForm(forms.Form):
    """One page, everything optional that the law does not need for the kind of complaint at hand."""

    category = forms.ChoiceField(choices=choices)
    urls = forms.CharField(max_length=200_000, strip=True, required=False)
    description = forms.CharField(max_length=TEXT, strip=True)
    incident_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"])
    original_work = forms.CharField(max_length=4000, strip=True, required=False)
    original_urls = forms.CharField(max_length=20_000, strip=True, required=False)
    principal = forms.CharField(max_length=200, strip=True, required=False)
    name = forms.CharField(max_length=200, strip=True, required=False)
    organisation = forms.CharField(max_length=200, strip=True, required=False)
    email = forms.EmailField(max_length=254, required=False)
    phone = forms.CharField(max_length=60, strip=True, required=False)
    address = forms.CharField(max_length=1000, strip=True, required=False)
    country = forms.CharField(max_length=2, strip=True, required=False)
    good_faith = forms.BooleanField(required=False)
    accuracy = forms.BooleanField(required=False)
    authorised = forms.BooleanField(required=False)
    signature = forms.CharField(max_length=200, strip=True, required=False)
    nonce = forms.CharField(max_length=64, required=False)
    #: Nobody sees this field; programs fill it in.
    website = forms.CharField(max_length=200, required=False)

    error_messages = {"required": _("This is needed.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        needed = {
            "category": _("Choose what it is about."),
            "description": _("Say in a sentence or two what you saw."),
        }
        for name, text in needed.items():
            self.fields[name].error_messages["required"] = text
        self.fields["email"].error_messages["invalid"] = _("This does not look like an e-mail address.")

    def clean_urls(self) -> list[str]:
        """One address a line; the number of lines is limited."""
        lines = _lines(self.cleaned_data["urls"])
        if len(lines) > LINES:
            raise forms.ValidationError(_("Please send at most 1,000 addresses at once."))
        return lines

    def clean_country(self) -> str:
        """Two letters, upper case."""
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        """What the law needs for this kind of complaint."""
        data = super().clean() or self.cleaned_data
        category = data.get("category", "")
        if "urls" in data and not data["urls"] and category not in ("data_request", "government_order", "other"):
            self.add_error("urls", _("Give at least one address: a URL, a domain or an IP address."))
        if category and category not in NAMELESS:
            self._need(data, "name", _("Your name is needed, so that we can answer you."))
            self._need(data, "email", _("Your e-mail address is needed, so that we can answer you."))
            self._need(data, "good_faith", _("Please confirm this, or leave the report."))
        if category == "copyright":
            # 17 USC 512(c)(3)(A)(i), (ii), (iv) and (vi)
            self._need(data, "original_work", _("Say which work it is."))
            self._need(data, "signature", _("A copyright notice needs a signature; your typed name is one."))
            self._need(data, "accuracy", _("The law asks for this statement."))
            self._need(data, "authorised", _("The law asks for this statement."))
            if not data.get("address") and not data.get("phone") and "address" in data:
                self.add_error("address", _("A postal address or a telephone number is needed for a copyright notice."))
        return data

    def _need(self, data: Mapping[str, Any], name: str, text: Any) -> None:
        if name in data and not data[name]:
            self.add_error(name, text)

    @property
    def is_trap(self) -> bool:
        """A program filled in the field that nobody sees."""
        return bool(self.data.get("website"))

    def submission(self) -> dict[str, Any]:
        """The fields that `integrations.webform` reads; what is empty is left out."""
        data = self.cleaned_data
        reporter = {n: data[n] for n in ("name", "email", "organisation", "phone", "address", "country") if data[n]}
        fields: dict[str, Any] = {
            "category": data["category"],
            "urls": data["urls"],
            "description": data["description"],
            "language": get_language() or "en",
            "reporter": reporter,
            "nonce": data["nonce"],
        }
        copyright_ = data["category"] == "copyright"
        if copyright_ or data["category"] == "trademark":
            fields |= {
                "original_work": data["original_work"],
                "original_urls": _lines(data["original_urls"]),
                "principal": data["principal"],
            }
        if copyright_:
            fields["signature"] = data["signature"]
        statements = {
            n: True for n in ("good_faith", "accuracy", "authorised") if data[n] and (copyright_ or n == "good_faith")
        }
        if statements:
            fields["statements"] = statements
        if data["incident_at"] and data["category"] in ("network_attack", "spam", "account_takeover"):
            fields["incident_at"] = data["incident_at"].isoformat()
        return {name: value for name, value in fields.items() if value}


def _lines(text: str) -> list[str]:
    return [line.strip()[:4000] for line in text.replace(",\n", "\n").splitlines() if line.strip()]


class TextForm(forms.Form):
    """An answer or an appeal in a person's own words."""

    text = forms.CharField(max_length=20_000, strip=True)
