# ruff: noqa: E501  (a list of words reads best in one line)
"""The language of a text, guessed from its commonest words and its script."""

from __future__ import annotations

import re
from collections import Counter

_WORDS = {
    "en": "the of and to is that this you your for from with are have has been on our please we it not be by was a an in at as or if which all can will do no i my were their",
    "de": "der die das und ist nicht wir sie ihre ihrer von mit auf für den dem ein eine wurde bitte sehr werden zu sich in des im es aus bei um am sind wie einen mir noch oder",
    "es": "de la el los las que en y una por un con para su se al lo es como más no del nuestro usted ha sido esta este favor hemos sus desde está entre sobre le nos estimados",
    "fr": "de la le les des une un est que vous votre nous pour par sur dans avec pas cette ont été qui aux du en et au ce sont plus il se nos veuillez",
    "it": "il di che la un è gli una per con del della nostro sono stato questo alla siamo non vostro nel dei le si da in ed dal delle ai al sul vi",
    "pt": "de do da os que uma um não com para seu sua foi você por dos nosso esta este são mais favor em no na as ao se das pelo à nossos prezados",
    "nl": "de het een van en niet wij uw voor met dat op zijn deze wordt naar aan bij heeft in is te u om er ook betreft wilt",
    "pl": "w z na się nie jest do oraz przez że od dla jako został państwa proszę i to o tego po prosimy dzień dobry adres",
    "cs": "a se na že je byl pro nebo jsou který dne vaše prosím ze jako v z do bylo s po od dobrý den",
    "ro": "și de la în pentru este care nu cu din prin sau vă acest fost ca să au mai sunt pe ziua",
    "sv": "och att det är som på för av med inte en ni vi från har i den till ett hej kan vänligen",
    "da": "og at det er som på for af med ikke en der vi fra har til i den et de kan",
    "fi": "ja on ei että se ovat tai olemme joka teidän mukaan sekä oleva hei kone terveisin verkossanne osoite",
    "hu": "és a az hogy nem egy van meg ön kérjük vagy ez",
    "tr": "ve bir bu için ile olarak olan tarafından da de lütfen size adresi rica ederiz merhaba en sayın",
}
_BY_WORD: dict[str, tuple[str, ...]] = {}
for _language, _list in _WORDS.items():
    for _word in _list.split():
        _BY_WORD[_word] = (*_BY_WORD.get(_word, ()), _language)
_TOKEN = re.compile(r"\b[^\W\d_]{1,20}\b")
_SAMPLE = 2000
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
    """ISO 639-1 code of the language most of the first 2,000 characters are in; "" when there is too little to tell."""
    sample = text[:_SAMPLE]
    if "@" in sample or "/" in sample:  # addresses and links are in no language
        sample = " ".join([word for word in sample.split() if "@" not in word and not ("/" in word and "." in word)])
    if not sample.isascii():
        script = _script(sample)
        if script:
            return script
    counts: Counter[str] = Counter()
    words = _TOKEN.findall(sample.lower())
    for word, times in Counter(words).items():
        for candidate in _BY_WORD.get(word, ()):
            counts[candidate] += times
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
