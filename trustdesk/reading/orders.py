# ruff: noqa: E501  (a pattern reads best in one line)
"""Letters of authorities: orders that demand something by law, and referrals that bring something to notice."""

from __future__ import annotations

from trustdesk.core.types import Form
from trustdesk.reading.lexicon import fold, phrases
from trustdesk.reading.patterns import different, found, linear

_AUTHORITY = linear(
    r"ministry of (?:public security|justice|interior|the interior|internal affairs|information|communications|digital|culture)|public security bureau|police (?:force|department|service)|national police|guardia civil|mossos d|polic[íi]a nacional|polizia|"
    r"bundeskriminalamt|landeskriminalamt|gendarmerie|europol|interpol|state attorney|attorney general|prosecut(?:or|ion)|public ministry|high court|supreme court|district court|magistrate|tribunal|juzgado|\bcourt of\b|"
    r"роскомнадзор|федеральн\p{L}+ служб\p{L}+|единый реестр|прокуратур|министерств|мвд |решени[ея] суда|公安|网信办|网络警察|行业协会|网监|互联网举报|法院|network industry association|cyber ?(?:security|crime|police) (?:department|bureau|unit|division)|cyberspace administration|"
    r"lawful interception unit|communications authority|media authority|regulatory authority|federal service|ofcom|bundesnetzagentur|agcom|arcom|cncert|delegacia|delegad[oa] de pol[íi]cia|minist[ée]rio p[úu]blico|vara (?:c[íi]vel|criminal|federal)|ministerio p[úu]blico|fiscal[íi]a|staatsanwaltschaft|amtsgericht|landgericht|landesmedienanstalt|pr[ée]fecture|procureur|pharos|e-?safety commissioner|law enforcement agenc(?:y|ies)|federal bureau of investigation|homeland security|computer crimes? unit|indian computer emergency"
)
_DEMAND = linear(
    r"court order|blocking order|removal order|takedown order|judicial order|in compliance with|pursuant to|in accordance with (?:article|section|the law|federal law)|under (?:article|section) \d|article \d+ of|violat\w+ (?:of )?(?:article|section|the (?:criminal|penal)|chinese law|(?:local|relevant) laws?)|contrary to section|criminal (?:code|law|offence|ordinance)|"
    r"we (?:hereby )?(?:order|require|demand|request)|request(?:s|ed)? (?:for|to|the|that|your|you)|are (?:hereby )?(?:ordered|required|requested)|please (?:delete|remove|disable|block|close|shut)|shall be (?:blocked|removed)|withhold|withdrawal of|"
    r"направляется уведомление|внесени[ия] в|ограничени[ея] доступа|уведомля|запрещен|удалит|необходимо|статьи? \d|违反|删除|关闭|法律|请求|requerimiento|orden judicial|ordem judicial|medida cautelar|apercibid[oa]|\boficio\b|\bof[íi]cio n|expediente|requisito a|requisita-se|inqu[ée]rito|verf[üu]gung|zwangsgeld|injonction de retrait|mandamiento|se ordena|anordnung|gerichtsbeschluss|ordonnance|décision judiciaire"
)
_REFERRAL = linear(
    r"^(?:re: ?|fwd?: ?)?(?:\[[^\]\n]{1,40}\] ?)?referral\b(?: (?:no|nr|id|of|[a-z-]*\d)|:)|\brefers? (?:the|this|these) following\b|\brefers? (?:the following|this|these) (?:content|page|url|image|item|account|material)s?\b|"
    r"\breferral\b[^\n]{0,120}(?:terrorist|voluntary|terms (?:of service|and conditions)|consideration)|internet referral unit|\biru\b referral|voluntary (?:consideration|removal)"
)
#: Who speaks of the order that they sent names a court, whatever is blacked out of the letter.
_OF_A_COURT = linear(
    r"\b(?:the|this|our|attached|enclosed) (?:court|judicial) order (?:that we|we|sent|attached|enclosed|issued|dated|of \d)"
)
_NO_ORDER = linear(
    r"(?:is not|not|no) (?:a |an )?(?:court |legal |formal )?order\b|under your (?:acceptable use|terms|own (?:policy|policies|terms)|content policy)[^\n]{0,40}(?:consider|decide)|consider (?:it|this|them|whether)[^\n]{0,60}(?:your (?:acceptable use|terms|policy|policies|own))"
)
_LETTER = linear(
    r"official (?:e-?mail|account|letter|notice|request)|on behalf of the [^\n]{0,80}(?:ministry|police|department|bureau|government)|this is (?:the )?(?:beijing|national|federal|royal)|единый реестр|направляется уведомление|to whom it may concern"
)
#: What such a letter calls itself, in its subject or first lines: orders of Articles 9 and 10 DSA, removal orders
#: (Regulation (EU) 2021/784, Article 3), demands for records. Who really sent it is for a person to find out.
_TITLE = linear(
    r"anordnung (?:nach|zum|gema[sß]s?) |removal order (?:under|pursuant|no)|\bsubpoena (?:no\b|\d)|investigative subpoena|search warrant|emergency disclosure request"
)


#: How many names of authorities count; a regulator that reports a site names itself and others, and demands little.
_BODIES = 2


def form(subject: str, text: str, sender: str = "") -> Form | None:
    """`order`, `referral` or None. A CERT that merely passes on an incident is not an order.

    `sender` is the name that the sender gives: many authorities name themselves nowhere else.
    """
    head = fold(f"{subject}\n{text[:8000]}\n{sender}")
    if found(_REFERRAL, head) or found(phrases("referral"), head):
        return Form.REFERRAL
    if found(_NO_ORDER, head):
        return Form.REFERRAL if found(_AUTHORITY, head) or found(phrases("authority"), head) else None
    if found(_TITLE, head[:400]) or found(phrases("order_title"), head[:400]):
        return Form.ORDER
    authorities = max(different(_AUTHORITY, head, 80), different(phrases("authority"), head, 80))
    if not authorities:
        if not found(_OF_A_COURT, head):
            return None
        authorities = 1
    demands = max(different(_DEMAND, head, 20), different(phrases("demand"), head, 20))
    letter = 1 if found(_LETTER, head[:1500]) else 0
    return Form.ORDER if demands and min(authorities, _BODIES) + demands + letter >= 4 else None
