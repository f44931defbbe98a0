"""The language of a text, guessed from its commonest words and its script."""

from __future__ import annotations

import re
from collections import Counter

_WORDS = {
    "en": "the of and to is that this you your for from with are have has been on our please we it not be by was",
    "de": "der die das und ist nicht wir sie ihre ihrer von mit auf für den dem ein eine wurde bitte sehr werden zu sich",
    "es": "el los las que una por con para su del nuestro usted ha sido esta este se como más favor hemos",
    "fr": "le les des une est que vous votre nous pour par sur dans avec pas cette ont été qui aux",
    "it": "il di che gli una per con del della nostro sono stato questo alla siamo non vostro nel dei",
    "pt": "o os que uma não com para seu sua foi você por dos nosso esta este são mais favor",
    "nl": "de het een van en niet wij uw voor met dat op zijn deze wordt naar aan bij heeft",
    "pl": "w z na się nie jest do oraz przez że od dla jako został państwa proszę",
    "cs": "se na že je byl pro nebo jsou který dne vaše prosím ze jako",
    "ro": "și de la în pentru este care nu cu din prin sau vă acest fost",
    "sv": "och att det är som på för av med inte en ni vi från har",
    "da": "og at det er som på for af med ikke en der vi fra har til",
    "fi": "ja on ei että se ovat tai olemme joka teidän mukaan sekä",
    "hu": "és a az hogy nem egy van meg ön kérjük vagy ez",
    "tr": "ve bir bu için ile olarak olan tarafından da de lütfen size",
}
_BY_WORD: dict[str, tuple[str, ...]] = {}
for _language, _list in _WORDS.items():
    for _word in _list.split():
        _BY_WORD[_word] = (*_BY_WORD.get(_word, ()), _language)
_TOKEN = re.compile(r"[^\W\d_]{1,20}")
_NOISE = re.compile(r"\S*(?:://|@|\.\w+/)\S*")
_SAMPLE = 4000
_LETTERS = re.compile(r"[^\W\d_]+")
_CYRILLIC = re.compile("[\u0400-\u04ff]+")
#: (code, letters, one letter in how many decides)
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]+"), 10),
    ("ko", re.compile("[\uac00-\ud7af]+"), 5),
    ("zh", re.compile("[\u4e00-\u9fff]+"), 5),
    ("ar", re.compile("[\u0600-\u06ff]+"), 5),
    ("he", re.compile("[\u0590-\u05ff]+"), 5),
    ("el", re.compile("[\u0370-\u03ff]+"), 5),
    ("th", re.compile("[\u0e00-\u0e7f]+"), 5),
    ("hi", re.compile("[\u0900-\u097f]+"), 5),
)


def language(text: str) -> str:
    """ISO 639-1 code of the language most of the first 4,000 characters are in; "" when there is too little to tell."""
    sample = _NOISE.sub(" ", text[:_SAMPLE])
    if not sample.isascii():
        script = _script(sample)
        if script:
            return script
    counts: Counter[str] = Counter()
    words = _TOKEN.findall(sample.lower())
    for word in words:
        for candidate in _BY_WORD.get(word, ()):
            counts[candidate] += 1
    if not counts:
        return ""
    best, hits = counts.most_common(1)[0]
    if hits < 2 and len(words) > 4:
        return ""
    return best


def _script(sample: str) -> str:
    beyond = len(sample) - len(sample.encode("ascii", "ignore"))
    if beyond * 12 < len(sample):
        return ""
    letters = sum(map(len, _LETTERS.findall(sample)))
    for code, pattern, share in _SCRIPTS:
        if sum(map(len, pattern.findall(sample))) * share > letters:
            return code
    if sum(map(len, _CYRILLIC.findall(sample))) * 5 > letters:
        return "uk" if any(c in "іїєґІЇЄҐ" for c in sample) else "ru"
    return ""
