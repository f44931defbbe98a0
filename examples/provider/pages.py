"""What the provider's own pages say: the notices a visitor meets, and the frame around every page."""

from __future__ import annotations

import html

from examples.provider.world import Site

PROVIDER = "https://nube-norte.example/"

FORM = """<h1>Nothing was kept</h1>
<p>This is a sample. What you typed was neither read nor stored.</p>"""

HELD = """<h1>{host} does not resolve</h1>
<p>The name is on hold at its registrar. With a real DNS you would see no page at all; this sample has none, so its
front says it.</p>"""

SUSPENDED = """<h1>Account suspended</h1>
<p>The account that this site belongs to has been suspended. If it is yours, read the letter that we sent to your
registered address: it says why, and what you can do.</p>"""

WARNING = """<h1>This page has been reported</h1>
<p>Someone told us that this page may try to deceive you or harm your device. We are looking into it.</p>
<p>Never type a password or a card number on a page you reached from a message.</p>
<p><a class="quiet" href="{onward}" rel="nofollow">I understand, continue</a></p>"""

BLOCKED = """<h1>451 Unavailable for legal reasons</h1>
<p>This {what} is not available here.</p>
<dl><dt>Blocked by</dt><dd><a href="{provider}">Nube Norte Hosting</a></dd>
<dt>On the basis of</dt><dd>{basis}</dd></dl>
<p>The customer has been told why, and can answer and appeal.</p>"""

NOT_HERE = """<h1>Not here</h1>
<p>There is no such page. <a href="{base}/">To the start</a>.</p>"""

SHARED = """<h1>A server of Nube Norte Hosting</h1>
<p>{count} customer site(s) answer at this address.</p>"""

INDEX = """<h1>Nube Norte Hosting</h1>
<p>A fictional provider. These are its customers' sites, as anyone outside sees them.</p>
<table><thead><tr><th>Site</th><th>What it is</th><th>Account</th><th>Address</th><th>Now</th></tr></thead>
<tbody>{rows}</tbody></table>"""

_FRAME = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/_nn/site.css"></head>
<body class="{theme}">{head}<main>{body}</main>
<footer>A made-up site of a made-up provider, for trying out an abuse desk. Nothing here is real.</footer></body></html>
"""


def frame(title: str, body: str, theme: str, site: Site | None = None, base: str = "") -> bytes:
    """A whole page. `body` is HTML; `base` is what stands before every path when the site is shown by path."""
    head, language = "", "en"
    if site is not None:
        language = site.language
        name, tagline = html.escape(site.title), html.escape(site.tagline)
        head = f'<header><a href="{base}/">{name}</a><span>{tagline}</span></header>'
    return _FRAME.format(language=language, title=html.escape(title), theme=theme, head=head, body=body).encode()
