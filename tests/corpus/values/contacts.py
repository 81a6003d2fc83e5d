# ruff: noqa: E501
"""Phones and e-mail addresses: made up, shared, misspelt, or only written in another way."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.cases import Case, Outcome, each, read

__all__ = ["contacts"]

_ONE_PHONE = (
    "2125550142", "(212) 555-0142", "212-555-0142", "212.555.0142", "212 555 0142", "+1 212 555 0142", "+12125550142", "1-212-555-0142",
    "1 (212) 555-0142", "001 212 555 0142", "+1 (212) 555 01 42", "212/555-0142", "212_555_0142", "  2125550142  ", "212-555-0142 x12",
    "(212)555-0142 ext. 7", "tel: 212-555-0142", "٢١٢٥٥٥٠١٤٢", "２１２５５５０１４２", "२१२५५५०१४२", "2 1 2 5 5 5 0 1 4 2", "+1.212.555.0142",
    "(212)-555-0142", "212–555–0142", "212—555—0142", "212\u00a0555\u00a00142", "212 555-0142", "+1-212-555-0142", "212.555-0142",
    "\u202a+12125550142\u202c", "212-555-0142\u200b", "212,555,0142",
)  # fmt: skip
_NO_PHONES = (
    "", " ", "0", "00", "000", "0000000", "0000000000", "000-000-0000", "(000) 000-0000", "+0000000000", "+1 000 000 0000", "1111111",
    "1111111111", "2222222222", "3333333333", "4444444444", "5555555555", "6666666666", "7777777777", "8888888888", "9999999999",
    "999-999-9999", "1212121212", "1234567", "12345678", "123456789", "1234567890", "123-456-7890", "0123456789", "9876543210",
    "987-654-3210", "555", "911", "112", "123", "12345", "n/a", "N/A", "none", "None", "null", "NULL", "unknown", "no phone", "-", "--",
    "---", ".", "?", "x", "xxx-xxx-xxxx", "tbd", "TBD", "test", "call me", "same", "see notes", "@", "#", "*", "+", "()", "( ) -", "+1",
    "+1 ()", "1-800", "2.12555E+09", "2,12555E+09", "4.42079E+11", "1E+10", "9E+9", "1.23456e+09", "²¹²", "☎", "📞", "phone", "[object Object]",
    "undefined", "NaN", "1" * 21, "2" * 40, "123456789012345678901", "21255501422125550142212", "4111 1111 1111 1111 1111 11", "9" * 1000,
)  # fmt: skip
_OTHER_PHONES = (
    "+44 20 7946 0958", "020 7946 0958", "0044 20 7946 0958", "+49 30 1234567", "+33 1 23 45 67 89", "+31 20 123 4567", "+41 44 123 45 67",
    "+43 1 2345678", "+46 8 123 456 78", "+61 2 1234 5678", "+81 3 1234 5678", "+86 10 1234 5678", "+91 22 1234 5678", "+55 11 91234 5678",
    "+52 55 1234 5678", "+7 495 123 45 67", "+27 21 123 4567", "+234 803 123 4567", "+90 212 345 67 89", "+972 3 123 4567", "+971 4 123 4567",
    "+65 6123 4567", "+852 2123 4567", "+64 9 123 4567", "+353 1 234 5678", "+34 912 345 678", "+39 06 1234 5678", "+351 21 123 4567",
    "+30 21 0123 4567", "+48 22 123 45 67", "+420 212 345 678", "+36 1 234 5678", "+45 12 34 56 78", "+47 21 23 45 67", "+358 9 123 4567",
    "+354 412 3456", "+298 123456", "+1 800 555 0199", "800-555-0199", "(555) 010-2030", "555-0142-3", "5550142",
    "867-5309", "+999 123 4567", "212-555-O142-88", "212-KL5-01428",
)  # fmt: skip
_ONE_EMAIL = (
    "ines@acme.example", "INES@ACME.EXAMPLE", "Ines@Acme.Example", "  ines@acme.example  ", "ines+shop@acme.example", "ines+@acme.example",
    "ines+a+b@acme.example", "inés@acme.example", "INÉS@acme.example", "ines @acme.example", "ines@ acme.example", "i nes@acme.example",
    "ines@acme.example\n", "\tines@acme.example", "ine\u00adS@acme.example", "\u202eines@acme.example", "ｉｎｅｓ@acme.example",
    "ines\u0301@acme.example", "ines@acme.EXAMPLE", "ines\u2060@acme.example",
)  # fmt: skip
_GMAIL = ("inesokafor@gmail.com", "ines.okafor@gmail.com", "i.n.e.s.okafor@gmail.com", "inesokafor+x@gmail.com", "InesOkafor@googlemail.com",
          "INES.OKAFOR+shop@GoogleMail.com")  # fmt: skip
_NO_EMAILS = (
    "", " ", "n/a", "none", "null", "unknown", "-", "@", "@@", "@@@", "no email", "noemail", "ines", "ines.acme.example", "ines at acme.example",
    "@acme.example", "@gmail.com", "...@gmail.com", "test@test.com", "TEST@TEST.COM", "test@example.com", "test@acme.example",
    "tester@acme.example", "noreply@acme.example", "no-reply@acme.example", "no_reply@acme.example", "no.reply@acme.example", "NoReply@x.example",
    "do-not-reply@acme.example", "donotreply@acme.example", "do_not_reply@x.example", "none@none.com", "none@x.example", "na@na.com",
    "n/a@n/a.com", "n.a@x.example", "unknown@unknown.com", "no@no.com", "no@email.com", "noemail@noemail.com", "no-email@x.example",
    "no.email@x.example", "nomail@nomail.com", "null@null.com", "email@email.com", "e-mail@x.example", "mail@mail.com", "example@example.com",
    "xxx@xxx.com", "xxxx@xxxx.com", "abc@abc.com", "asdf@asdf.com", "asd@asd.de", "qwerty@x.example", "nobody@nowhere.com", "no-one@x.example",
    "noone@x.example", "notprovided@x.example", "not.provided@x.example", "invalid@x.example", "fake@fake.com", "anonymous@x.example",
    "tbd@tbd.com", "dont-have@x.example", "nothing@x.example", "ines@noemail.com", "c1042@nomail.com", "ines@none.com", "ines@acme.invalid",
    "ines@x.y.invalid", "ines@invalid", "ines@localhost", "test+1@x.example", "noreply+77@shop.example", "[object Object]", "undefined", "NaN",
    "mailto:", "http://acme.example", "ines＠acme.example", "#N/A", "#REF!", "TRUE", "0", "false",
)  # fmt: skip
_OTHER_EMAILS = (
    "store12@shop.example", "info@acme.example", "sales@acme.example", "ines@münchen.example", "ines@xn--mnchen-3ya.example", "用户@例子.example",
    "пользователь@пример.example", "δοκιμή@παράδειγμα.example", "उदाहरण@x.example", "ines@127.0.0.1", "ines@[127.0.0.1]", "ines@[IPv6:::1]",
    "ines@acme", "ines@acme.", "ines@.example", "ines@acme..example", ".ines@acme.example", "ines.@acme.example", "in..es@acme.example",
    "ines@@acme.example", "ines@acme@example", '"ines okafor"@acme.example', '"ines@home"@acme.example', "ines(home)@acme.example",
    "ines@acme.example, bert@acme.example", "ines@acme.example;bert@acme.example", "Ines <ines@acme.example>", "mailto:ines@acme.example",
    "o'brien@acme.example", "ines#1@acme.example", "ines!@acme.example", "ines%home@acme.example", "ines&bert@acme.example", "i@x.co", "1@2.de",
    "a" * 64 + "@acme.example", "a" * 65 + "@acme.example", "ines@" + "a" * 63 + ".example", "ines@" + "a" * 300 + ".example", "ines@acme.museum",
    "ines@a-b.example", "ines@-acme.example", "ines_okafor@acme.example", "ines-okafor@acme.example", "ines~x@acme.example", "ines@acme,example",
    "ines@acme.c0m", "ines@gmail.con", "ines@gmial.com", "ines@hotmail.co.uk", "аnna@x.example", "anna@ехample.example", "a@b", "😀@😀.example",
    "ines@acme.example?subject=x", "ines@acme.example#", "ines@acme.example/", "null.okafor@acme.example", "testa@acme.example", "xavier@x.example",
)  # fmt: skip


def contacts() -> Iterator[Case]:
    """Return the cases about contact points."""
    yield from read("phones, written otherwise", ("phone",), dict.fromkeys(_ONE_PHONE, "2125550142"))
    yield from each("phones that are none", ("phone",), _NO_PHONES, Outcome.KEPT)
    yield from each("phones of elsewhere", ("phone",), _OTHER_PHONES, Outcome.ACCEPTED)
    yield from read("e-mails, written otherwise", ("email",), dict.fromkeys(_ONE_EMAIL, "ines@acme.example"))
    yield from read("e-mails, written otherwise", ("email",), dict.fromkeys(_GMAIL, "inesokafor@gmail.com"))
    yield from each("e-mails that are none", ("email",), _NO_EMAILS, Outcome.KEPT)
    yield from each("e-mails, unusual", ("email",), _OTHER_EMAILS, Outcome.ACCEPTED)
