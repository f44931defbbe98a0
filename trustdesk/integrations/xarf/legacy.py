"""XARF before version 4 (x-arf "1", "2", "3", alpha and development; the JSON of 2018–2024): rules and meaning.

The rules are a table: what each field must look like and which fields each type needs. They name the field that is
wrong, so that the sender can be told.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from trustdesk.core.types import Category, Problem
from trustdesk.reading import canonical

#: ReportType, lower case → category.
TYPES: dict[str, Category] = {
    "spam": Category.SPAM,
    "phishing": Category.PHISHING,
    "malware": Category.MALWARE,
    "botnet": Category.BOTNET,
    "fraud": Category.FRAUD,
    "copyright": Category.COPYRIGHT,
    "trademark": Category.TRADEMARK,
    "dos": Category.NETWORK_ATTACK,
    "ddos": Category.NETWORK_ATTACK,
    "portscan": Category.NETWORK_ATTACK,
    "port-scan": Category.NETWORK_ATTACK,
    "loginattack": Category.NETWORK_ATTACK,
    "login-attack": Category.NETWORK_ATTACK,
    "exploit": Category.NETWORK_ATTACK,
    "webcrawler": Category.NETWORK_ATTACK,
    "openservice": Category.VULNERABLE_SERVICE,
    "open-service": Category.VULNERABLE_SERVICE,
    "vulnerability": Category.VULNERABLE_SERVICE,
    "potentiallycompromisedaccount": Category.ACCOUNT_TAKEOVER,
    "compromised": Category.COMPROMISED,
    "harassment": Category.HARASSMENT,
    "childabuse": Category.CHILD_SAFETY,
    "childsexualabusematerial": Category.CHILD_SAFETY,
    "webhack": Category.COMPROMISED,
}
_CLASSES = {
    "activity",
    "content",
    "vulnerability",
    "infrastructure",
    "copyright",
    "messaging",
    "connection",
    "network",
    "system",
    "other",
}
_REPORT_KEYS = frozenset(
    [
        "reportclass",
        "reporttype",
        "reportsubtype",
        "reportercaseid",
        "reporterseverity",
        "reporternotes",
        "firstseen",
        "lastseen",
        "date",
        "sourceip",
        "sourceport",
        "sourceurl",
        "sourcetype",
        "source",
        "destinationip",
        "destinationport",
        "destinationurl",
        "destination",
        "ongoing",
        "bytecount",
        "packetcount",
        "samples",
        "custom",
        "smtpmailfromaddress",
        "smtprcpttoaddress",
        "smtpmessagesubject",
        "smtphelo",
        "rpzdomain",
        "malwarename",
        "botnetname",
        "servicename",
        "serviceversion",
        "transportprotocol",
        "protocol",
        "infringedmaterial",
        "infringingurl",
        "materialtype",
        "filename",
        "filesize",
        "filehash",
        "courtorder",
        "trademarkedmaterial",
        "registrationoffice",
        "registrationnumber",
        "cve",
        "cvss",
        "harasser",
        "harassmentlocation",
        "harassmenttype",
        "harassmentdescription",
        "account",
        "attackerip",
        "attackerport",
        "asn",
        "c2server",
        "c2servers",
        "url",
        "domain",
        "attachment",
        "additionalinfo",
        "useragent",
        "username",
        "count",
        "attemptcount",
        "country",
        "sourcehost",
        "sourcehostname",
        "targetedbrand",
        "targetbrand",
    ]
)
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]{1,255}\.[^@\s.]{2,63}$")
_HOST = re.compile(r"^(?=.{4,253}$)[\w-]{1,63}(?:\.[\w-]{1,63}){1,20}$")
_CVE = re.compile(r"^CVE-\d{4}-\d{4,}$")
_PROTOCOLS = {"tcp", "udp", "icmp", "icmpv6", "sctp", "gre", "esp", "ah", "igmp"}
Rule = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _date(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _port(value: Any) -> bool:
    return _count(value) and value <= 65535


def _address(value: Any) -> bool:
    return isinstance(value, str) and canonical.address(value) is not None


def _url(value: Any) -> bool:
    return isinstance(value, str) and "://" in value and canonical.url(value) is not None


def _email(value: Any) -> bool:
    return isinstance(value, str) and bool(_EMAIL.match(value))


def _hash(value: Any) -> bool:
    if isinstance(value, dict):
        sizes = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
        size = sizes.get(str(value.get("HashAlgorithm", "")).lower().replace("-", ""))
        text = value.get("HashValue")
        return (
            size is not None
            and isinstance(text, str)
            and len(text) == size
            and bool(re.fullmatch(r"[0-9a-fA-F]+", text))
        )
    return isinstance(value, str)


def _cvss(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    version, vector, score = str(value.get("Version", "")), value.get("Vector"), value.get("Score")
    if score is not None and not (_number(score) and 0 <= score <= 10):
        return False
    if vector is None:
        return True
    if not isinstance(vector, str):
        return False
    return vector.startswith(f"CVSS:{version}/") if version.startswith(("3", "4")) else not vector.startswith("CVSS:3")


_FIELDS: dict[str, Rule] = {
    "Date": _date,
    "FirstSeen": _date,
    "LastSeen": _date,
    "SourceIp": _address,
    "DestinationIp": _address,
    "AttackerIp": _address,
    "SourcePort": _port,
    "DestinationPort": _port,
    "AttackerPort": _port,
    "SourceUrl": _url,
    "InfringingUrl": _url,
    "CourtOrder": _url,
    "SmtpMailFromAddress": _email,
    "SmtpRcptToAddress": _email,
    "RpzDomain": lambda v: isinstance(v, str) and bool(_HOST.match(v)),
    "ByteCount": _count,
    "PacketCount": _count,
    "FileSize": _count,
    "Ongoing": lambda v: isinstance(v, bool),
    "ReporterCaseID": _text,
    "ReporterNotes": _text,
    "ReporterSeverity": lambda v: isinstance(v, str) and v.lower() in ("low", "medium", "high", "critical", "info"),
    "InfringedMaterial": _text,
    "MaterialType": _text,
    "FileName": _text,
    "FileHash": _hash,
    "TrademarkedMaterial": _text,
    "RegistrationOffice": _text,
    "RegistrationNumber": _text,
    "ServiceName": _text,
    "ServiceVersion": _text,
    "TransportProtocol": lambda v: isinstance(v, str) and v.lower() in _PROTOCOLS,
    "Protocol": lambda v: isinstance(v, str) and v.lower() in _PROTOCOLS,
    "MalwareName": _text,
    "BotnetName": _text,
    "CVE": lambda v: isinstance(v, str) and bool(_CVE.match(v)),
    "CVSS": _cvss,
    "ASN": lambda v: _count(v) and v < 2**32,
    "Harasser": _text,
    "HarassmentDescription": _text,
}
_REQUIRED: dict[str, tuple[str, ...]] = {
    "openservice": ("ServiceName",),
    "harassment": ("Harasser", "HarassmentDescription"),
    "potentiallycompromisedaccount": ("Account",),
}
_PARTY: dict[str, Rule] = {
    "Org": lambda v: isinstance(v, str) and len(v) > 1,
    "OrgDomain": lambda v: isinstance(v, str) and bool(_HOST.match(v)),
    "OrgEmail": _email,
    "ContactEmail": _email,
    "ContactName": lambda v: isinstance(v, str) and len(v) > 1,
    "ContactPhone": lambda v: isinstance(v, str) and len(v) > 3,
    "Type": _text,
}


def is_legacy(data: Any) -> bool:
    """True for JSON that means to be XARF of a version before 4."""
    return isinstance(data, dict) and ("ReporterInfo" in data or "Report" in data) and "xarf_version" not in data


def check(data: dict[str, Any]) -> list[Problem]:
    """What is wrong with a report, one problem a field; empty if it is valid."""
    problems: list[Problem] = []

    def wrong(where: str, message: str) -> None:
        problems.append(Problem("xarf_invalid", f"{where}: {message}", where))

    version = data.get("Version")
    if version is not None and (
        not isinstance(version, str) or not re.match(r"^(?:[123](?:\.\d+)*|alpha|development)$", version)
    ):
        wrong("Version", "must be 1, 2 or 3")
    _party(data, "ReporterInfo", "Reporter", True, wrong)
    if "OnBehalfOf" in data:
        _party(data, "OnBehalfOf", "Complainant", False, wrong)
    if "Disclosure" in data and not isinstance(data["Disclosure"], bool):
        wrong("Disclosure", "must be true or false")
    if "InternalProcessing" in data:
        _internal(data["InternalProcessing"], wrong)
    report = data.get("Report")
    if not isinstance(report, dict):
        wrong("Report", "is missing")
        return problems
    _report(report, wrong)
    return problems


def _party(data: dict[str, Any], key: str, prefix: str, required: bool, wrong: Callable[[str, str], None]) -> None:
    info = data.get(key)
    if not isinstance(info, dict):
        wrong(key, "is missing" if info is None else "must be an object")
        return
    if not info:
        wrong(key, "is empty")
        return
    for name, value in info.items():
        rule = _PARTY.get(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if rule is None:
            wrong(f"{key}.{name}", "is not a field of this object")
        elif not rule(value):
            wrong(f"{key}.{name}", "is not valid")
    # A person may be named by any of these; a body has a name, a domain and an address.
    person = str(info.get(f"{prefix}Type", "")).lower() == "person"
    for name in ("ReporterOrg", "ReporterOrgDomain", "ReporterOrgEmail") if required and not person else ():
        if name not in info:
            wrong(f"{key}.{name}", "is missing")


def _internal(info: Any, wrong: Callable[[str, str], None]) -> None:
    if not isinstance(info, dict):
        wrong("InternalProcessing", "must be an object")
        return
    for part in ("SubscriberInformation", "ContractInformation"):
        if part in info and not isinstance(info[part], dict):
            wrong(f"InternalProcessing.{part}", "must be an object")
        elif part in info and "ID" in info[part] and not isinstance(info[part]["ID"], str):
            wrong(f"InternalProcessing.{part}.ID", "must be text")
    tags = info.get("EventTags", [])
    if not isinstance(tags, list) or not all(isinstance(t, str) for t in tags):
        wrong("InternalProcessing.EventTags", "must be a list of texts")


def _report(report: dict[str, Any], wrong: Callable[[str, str], None]) -> None:
    kind = report.get("ReportType")
    if not isinstance(kind, str):
        wrong("Report.ReportType", "is missing")
        kind = ""
    elif kind.lower() not in TYPES:
        wrong("Report.ReportType", f"{kind[:40]!r} is not a known type")
    group = report.get("ReportClass")
    if not isinstance(group, str):
        wrong("Report.ReportClass", "is missing")
    elif group.lower() not in _CLASSES:
        wrong("Report.ReportClass", f"{group[:40]!r} is not a known class")
    if "Date" not in report:
        wrong("Report.Date", "is missing")
    for name, value in report.items():
        rule = _FIELDS.get(name)
        if rule is not None and not rule(value):
            wrong(f"Report.{name}", "is not valid")
        elif name.lower() not in _REPORT_KEYS:
            wrong(f"Report.{name[:60]}", "is not a field of a report")
    for name in _REQUIRED.get(kind.lower(), ()):
        if name not in report:
            wrong(f"Report.{name}", f"is required for {kind}")
    if kind.lower() == "potentiallycompromisedaccount":
        for name in ("SourceIp", "SourceUrl"):
            if name in report:
                wrong(f"Report.{name}", "the attacker's address belongs into AttackerIp")
    elif not any(k in report for k in ("SourceIp", "SourceUrl", "Source", "InfringingUrl", "AttackerIp", "SourceHost")):
        wrong("Report.SourceIp", "one of SourceIp and SourceUrl is required")
    custom = report.get("Custom")
    if custom is not None:
        if not isinstance(custom, dict):
            wrong("Report.Custom", "must be an object")
        else:
            for name, value in custom.items():
                if isinstance(value, dict | list):
                    wrong(f"Report.Custom.{name[:60]}", "must be a plain value")
    samples = report.get("Samples", [])
    if not isinstance(samples, list):
        wrong("Report.Samples", "must be a list")
        return
    for number, sample in enumerate(samples[:100]):
        _sample(sample, f"Report.Samples[{number}]", wrong)


_SAMPLE_FIELDS = {"ContentType", "Base64Encoded", "Description", "Payload", "FileName"}


def _sample(sample: Any, where: str, wrong: Callable[[str, str], None]) -> None:
    if not isinstance(sample, dict):
        wrong(where, "must be an object")
        return
    for name in ("ContentType", "Base64Encoded", "Payload"):
        if name not in sample:
            wrong(f"{where}.{name}", "is missing")
    for name in sample:
        if name not in _SAMPLE_FIELDS:
            wrong(f"{where}.{name[:60]}", "is not a field of a sample")
    if "ContentType" in sample and not (isinstance(sample["ContentType"], str) and "/" in sample["ContentType"]):
        wrong(f"{where}.ContentType", "is no media type")
    if "Base64Encoded" in sample and not isinstance(sample["Base64Encoded"], bool):
        wrong(f"{where}.Base64Encoded", "must be true or false")
    if "Payload" in sample and not isinstance(sample["Payload"], str):
        wrong(f"{where}.Payload", "must be text")
    elif sample.get("Base64Encoded") is True and "Payload" in sample and not is_base64(sample["Payload"]):
        wrong(f"{where}.Payload", "is not base64")
    for name in ("Description", "FileName"):
        if name in sample and not isinstance(sample[name], str):
            wrong(f"{where}.{name}", "must be text")


def is_base64(text: str) -> bool:
    """True if `text` is base64, padding optional (samples in the field leave it out)."""
    solid = "".join(text.split()).rstrip("=")
    try:
        base64.b64decode(solid + "=" * (-len(solid) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
