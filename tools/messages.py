"""Translations of the screens: collect the texts, say what is missing, compile. Needs Babel only, no gettext programs.

    python tools/messages.py extract    bring trustdesk/locale/*/LC_MESSAGES/django.po up to date
    python tools/messages.py compile    write the .mo files (they are committed beside the .po files)
    python tools/messages.py check      exit 1 if a text is missing, unused, or the .mo is not what the .po says

English is written in the code and in the templates themselves; every other language has a complete .po file.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "trustdesk"
#: What shows texts to people in their language; command lines and the journal speak English.
SCREENS = (PROGRAM / "web", PROGRAM / "insight" / "publications", PROGRAM / "management" / "scheduled.py")
#: Letters have a tree of texts for each language and are not translated string by string.
NOT_HERE = (PROGRAM / "templates" / "letters",)
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}
Found = tuple[str | tuple[str, str], str, int]


def languages() -> list[str]:
    """Every language of the desk but English."""
    from django.conf import settings

    return [code for code, _name in settings.LANGUAGES if code != "en"]


def start() -> None:
    """Make Django's templates usable; a program that has done so already (the test suite) need not call this."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustdesk.settings")
    import django

    django.setup()


def texts() -> Iterator[Found]:
    """(text or (singular, plural), file, line) of everything that is shown."""
    for path in sorted(one for root in SCREENS for one in (root.rglob("*.py") if root.is_dir() else (root,))):
        where = str(path.relative_to(ROOT))
        for line, text, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            yield text, where, line
    for path in sorted((PROGRAM / "templates").rglob("*.html")):
        if not any(path.is_relative_to(folder) for folder in NOT_HERE):
            yield from _template(path)


def _template(path: Path) -> Iterator[Found]:
    """The texts of one template, taken from its compiled nodes: what Django would look up, to the letter."""
    from django.template import engines
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    template = engines["django"].engine.from_string(path.read_text("utf-8"))  # type: ignore[attr-defined]
    where = str(path.relative_to(ROOT))
    for node in template.nodelist.get_nodes_by_type((TranslateNode, BlockTranslateNode)):
        line = node.token.lineno if getattr(node, "token", None) else 1
        if isinstance(node, TranslateNode):
            text = getattr(node.filter_expression.var, "literal", None)
            if isinstance(text, str):
                yield text.replace("%", "%%"), where, line  # Django looks it up in this form
            continue
        singular, _names = node.render_token_list(node.singular)
        if node.plural:
            plural, _names = node.render_token_list(node.plural)
            yield (singular, plural), where, line
        else:
            yield singular, where, line


def template_catalog() -> Catalog:
    """All texts, without translations."""
    catalog = Catalog(project="Trustdesk", charset="utf-8")
    for text, where, line in texts():
        catalog.add(text, locations=[(where, line)])
    return catalog


def po_path(language: str) -> Path:
    """Where the translations of a language live."""
    return PROGRAM / "locale" / language / "LC_MESSAGES" / "django.po"


def load(language: str) -> Catalog:
    """The translations of a language as committed; an empty catalog when there are none."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, project="Trustdesk", charset="utf-8")
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def extract() -> None:
    """Add new texts, drop those that are gone; translations of texts that stay are kept."""
    wanted = template_catalog()
    for language in languages():
        catalog = load(language)
        catalog.update(wanted, no_fuzzy_matching=True)
        save(language, catalog)
        missing = sum(1 for _ in untranslated(language))
        print(f"{language}: {len(catalog)} texts, {missing} without translation")


#: Lines of a header that change with every run or say nothing.
NOISE = tuple(
    f'"{name}'.encode()
    for name in (
        "POT-Creation",
        "PO-Revision",
        "Report-Msgid",
        "Last-Translator",
        "Language-Team",
        "Generated-By",
        "Project-Id",
    )
)


def save(language: str, catalog: Catalog) -> None:
    """Write the .po file in a form in which an edit of the program shows as little as possible."""
    catalog.header_comment = f"# Texts of the screens in {language}; made by tools/messages.py, translated by hand."
    catalog.fuzzy = False
    catalog.obsolete.clear()
    out = io.BytesIO()
    write_po(out, catalog, sort_output=True, ignore_obsolete=True, include_lineno=False, width=120)
    kept = [line for line in out.getvalue().splitlines() if not line.startswith(NOISE)]
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    po_path(language).write_bytes(b"\n".join(kept) + b"\n")


def untranslated(language: str) -> Iterator[str]:
    """Texts of the catalog that have no translation."""
    for message in load(language):
        if message.id and not all([message.string] if isinstance(message.string, str) else message.string):
            yield message.id if isinstance(message.id, str) else message.id[0]


def compiled(language: str) -> bytes:
    """The .mo file for what the .po file says; the same today and tomorrow."""
    catalog = load(language)
    # Babel fills in the present moment where a header gives no date.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def compile_all() -> None:
    """Write the .mo files."""
    for language in languages():
        po_path(language).with_suffix(".mo").write_bytes(compiled(language))


def problems() -> Iterator[str]:
    """What is wrong with the translations, in sentences."""
    wanted = {_key(m.id) for m in template_catalog() if m.id}
    for language in languages():
        catalog = load(language)
        have = {_key(m.id) for m in catalog if m.id}
        yield from (f"{language}: not in the catalog: {text!r}" for text in sorted(wanted - have))
        yield from (f"{language}: not used any more: {text!r}" for text in sorted(have - wanted))
        yield from (f"{language}: without translation: {text!r}" for text in untranslated(language))
        for message in catalog:
            for error in message.check(catalog):
                yield f"{language}: {error}: {message.id!r}"
        mo = po_path(language).with_suffix(".mo")
        if not mo.exists() or mo.read_bytes() != compiled(language):
            yield f"{language}: {mo.name} is not what the .po file says; run: python tools/messages.py compile"


def _key(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def main(arguments: list[str]) -> int:
    """Run one verb."""
    verb = arguments[0] if arguments else ""
    start()
    if verb == "extract":
        extract()
    elif verb == "compile":
        compile_all()
    elif verb == "check":
        found = list(problems())
        print("\n".join(found) or "translations are complete")
        return 1 if found else 0
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
