# ruff: noqa: E501
"""A hundred texts by people who mean harm. Each would set `harmed`, or leave its place, where it is more than text."""

from __future__ import annotations

__all__ = ["PAYLOADS"]

_DO = "window.harmed=1"
_TAGS = (
    "<script>{do}</script>", "<ScRiPt>{do}</sCrIpT>", "<script src=data:text/javascript,{do}></script>",
    "<img src=x onerror={do}>", "<img src=x:x onerror='{do}'>", '<img """><script>{do}</script>">',
    "<svg onload={do}>", "<svg/onload={do}>", "<svg><script>{do}</script></svg>", "<svg><animate onbegin={do} attributeName=x>",
    "<body onload={do}>", "<iframe src=javascript:{do}>", "<iframe srcdoc='<script>{do}</script>'>",
    "<object data=javascript:{do}>", "<embed src=javascript:{do}>", "<a href=javascript:{do}>x</a>",
    "<form action=javascript:{do}><button>x</button></form>", "<button formaction=javascript:{do}>x</button>",
    "<input autofocus onfocus={do}>", "<select autofocus onfocus={do}>", "<textarea autofocus onfocus={do}>",
    "<details open ontoggle={do}>", "<video><source onerror={do}>", "<audio src=x onerror={do}>",
    "<marquee onstart={do}>", "<meta http-equiv=refresh content='0;url=javascript:{do}'>",
    "<link rel=stylesheet href=javascript:{do}>", "<style>@import 'javascript:{do}';</style>",
    "<div style='background:url(javascript:{do})'>", "<table background=javascript:{do}>",
    "<base href=javascript:{do}//>", "<math><mi xlink:href=javascript:{do}>x", "<noscript><p title='</noscript><img src=x onerror={do}>'>",
    "<template><script>{do}</script></template>", "<isindex type=image src=1 onerror={do}>", "<keygen autofocus onfocus={do}>",
)  # fmt: skip
_BREAKS = (
    '"><script>{do}</script>', "'><script>{do}</script>", '" onmouseover="{do}', "' onmouseover='{do}", '" autofocus onfocus="{do}',
    '"/><img src=x onerror={do}>', "</title><script>{do}</script>", "</textarea><script>{do}</script>",
    "</script><script>{do}</script>", "--><script>{do}</script>", "]]><script>{do}</script>", "</style><script>{do}</script>",
    '\\"><script>{do}</script>', "`-{do}-`", "'-{do}-'", '"-{do}-"', "';{do};//", '";{do};//', "${{{do}}}", "{{{{{do}}}}}",
    "{{% include '/etc/passwd' %}}", "{{{{ config }}}}", "{{{{ ''.__class__.__mro__ }}}}", "#{{{do}}}", "<%= {do} %>", "[[{do}]]",
    "javascript:{do}", "JaVaScRiPt:{do}", "java\tscript:{do}", "data:text/html,<script>{do}</script>", "vbscript:{do}",
    "&lt;script&gt;{do}&lt;/script&gt;", "&#60;script&#62;{do}&#60;/script&#62;", "%3Cscript%3E{do}%3C/script%3E",
    "\\u003cscript\\u003e{do}\\u003c/script\\u003e", "<<script>{do}//<</script>", "<script\n>{do}</script>",
)  # fmt: skip
_HTMX = (
    '<div hx-get="/review" hx-trigger="load">', "<div hx-on:load='{do}'>", "<div hx-on:htmx:load='{do}'>",
    "<div hx-vals='js:{{a:{do}}}' hx-get=/review hx-trigger=load>", "<div data-hx-get=/review data-hx-trigger=load>",
    "<hx-partial hx-target='body'><script>{do}</script></hx-partial>", "<div hx-swap-oob='true' id='page'>{do}</div>",
    "<button data-key=m data-opens=x onclick={do}>", '<meta name="htmx-config" content=\'{{"allowEval":true}}\'>',
    "<div hx-trigger='load[{do}]' hx-get=/review>", "<form hx-post=/review/logout hx-trigger=load>", "<a hx-boost=true href=//evil.example>",
)  # fmt: skip
_STRANGE = (
    "\u202e<script>{do}</script>", "\u200b<script>{do}</script>", "＜script＞{do}＜/script＞", "‹script›{do}‹/script›",
    "<script>{do}</script>\u0301", "ÿ<script>{do}</script>", "<a\u2028href=javascript:{do}>", "🤖<svg/onload={do}>",
    "<script>/*" + "x" * 300 + "*/{do}</script>", "' OR 1=1; --<script>{do}</script>", "<x onclick={do}>" * 3,
    "<!--[if gte IE 4]><script>{do}</script><![endif]-->", "<?xml version='1.0'?><script>{do}</script>",
    "<plaintext>{do}", "<xmp><script>{do}</script></xmp>",
)  # fmt: skip

PAYLOADS: tuple[str, ...] = tuple(text.format(do=_DO) for text in (*_TAGS, *_BREAKS, *_HTMX, *_STRANGE))
