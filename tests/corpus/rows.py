# ruff: noqa: E501
"""Rows and whole files that are not as they have to be: quotes, columns, lines, bytes that are no text, JSON that is none."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

__all__ = ["CSV_FILES", "CSV_HEAD", "CSV_ROWS", "ENCODED", "JSON_ROWS", "UNDECODABLE", "FileCase", "RowCase"]

CSV_HEAD = b"source,source_record_id,given_name,city\n"


@dataclass(frozen=True, slots=True)
class RowCase:
    """`content` stands between two good rows; `becomes` says what becomes of each row of it: "" is taken."""

    family: str
    content: bytes
    becomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileCase:
    """A whole file: refused under a code, or so many rows taken."""

    family: str
    name: str
    content: bytes
    code: str
    taken: int = 0


def _rows(family: str, told: dict[bytes, tuple[str, ...] | str]) -> list[RowCase]:
    return [
        RowCase(family, content, (codes,) if isinstance(codes, str) else codes)
        for content, codes in told.items()
    ]


_BIG = b"x" * 70_000
CSV_ROWS = [
    *_rows("CSV: fields", {
        b"pos,1,Anna\n": "E304", b"pos,1\n": "E304", b"pos\n": "E304", b",\n": "E304", b",,\n": "E304", b",,,,\n": "E304", b"pos,1,Anna,Ulm,\n": "E304", b"pos,1,Anna,Ulm,,,,,\n": "E304",
        b"pos;1;Anna;Ulm\n": "E304", b"pos\t1\tAnna\tUlm\n": "E304", b"pos|1|Anna|Ulm\n": "E304", b"pos,1,Anna,Ulm, \n": "E304", b"x\n": "E304", b"#comment\n": "E304", b"---\n": "E304",
        b"TOTAL,1\n": "E304", b"(1 row)\n": "E304", b"\x1a\n": "E304", b"pos,1,Smith, Anna,Ulm\n": "E304", b"pos,1,Anna,Ulm,pos,2,Bert,Bonn\n": "E304", b"," * 5_000 + b"\n": "E304",
        b",,,\n": "E311", b"pos,,Anna,Ulm\n": "E311", b"pos, ,Anna,Ulm\n": "E311", b"pos,\t,Anna,Ulm\n": "E311", b"pos,\xc2\xa0,Anna,Ulm\n": "E311", b"pos,\xe3\x80\x80,Anna,Ulm\n": "E311", b'pos,"",Anna,Ulm\n': "E311",
        b",1,Anna,Ulm\n": "E312", b" ,1,Anna,Ulm\n": "E312", b'"",1,Anna,Ulm\n': "E312",
        b"pos,1,,\n": "", b"pos,1, , \n": "", b" pos , 1 , Anna , Ulm \n": "", b"pos,1,Anna,\n": "", b"pos,1,null,null\n": "", b"source,source_record_id,given_name,city\n": "",
        b"pos,1.23E+12,Anna,Ulm\n": "E316", b"pos,7E+5,Anna,Ulm\n": "E316", b'pos,"1,5E+09",Anna,Ulm\n': "E316", b"pos,1e5,Anna,Ulm\n": "", b"pos,1.5,Anna,Ulm\n": "", b"pos,1E-5,Anna,Ulm\n": "",
        b"pos,-1,Anna,Ulm\n": "", b"pos,=1,Anna,Ulm\n": "", b"pos,0,Anna,Ulm\n": "", b"pos,000,Anna,Ulm\n": "", b"pos," + b"9" * 1_000 + b",Anna,Ulm\n": "", b"pos,\xf0\x9f\x98\x80,Anna,Ulm\n": "",
    }),
    *_rows("CSV: keys twice", {
        b"pos,1,Anna,Ulm\npos,1,Anna,Bonn\n": ("E340", ""), b"pos,1,A,U\npos,1,A,U\npos,1,A,U\n": ("E340", "E340", ""), b"pos,1,A,U\nerp,1,A,U\n": ("", ""), b"pos,1,A,U\npos, 1 ,A,U\n": ("E340", ""),
        b"pos,1,A,U\npos,01,A,U\n": ("", ""), b"pos,x,A,U\npos,X,A,U\n": ("", ""), b"pos,1,A,U\npos,1,A\n": ("", "E304"), b"pos,1,A,U\npos,1,A\x01,U\n": ("", "E303"), b"pos,e\xcc\x81,A,U\npos,\xc3\xa9,A,U\n": ("", ""),
        b"pos,1,A\npos,1,A,U\n": ("E304", ""), b"pos,1,\0,U\npos,1,A,U\n": ("E302", ""), b'pos,1,A,U\npos,"1",A,U\n': ("E340", ""),
    }),
    *_rows("CSV: quotes", {
        b'pos,1,"Anna",Ulm\n': "", b'pos,1,"An,na",Ulm\n': "", b'pos,1,"An""na",Ulm\n': "", b'pos,1,"",Ulm\n': "", b'pos,1,"""",Ulm\n': "", b'pos,1,"""Anna""",Ulm\n': "", b'"pos","1","Anna","Ulm"\n': "",
        b'pos,1,"Anna Maria","Ulm"\n': "", b'pos,1,"An\nna",Ulm\n': "", b'pos,1,"An\r\nna",Ulm\n': "", b'pos,1,"An\n\n\nna",Ulm\n': "", b'pos,1,"An\n","U\nlm"\n': "", b'pos,1,Anna,"Ulm\n"\n': "",
        b'pos,1,An"na,Ulm\n': "", b'pos,1,An"n"a,Ulm\n': "", b'pos,1,Anna",Ulm\n': "", b'pos,1,"Anna" Berg,Ulm\n': "", b'pos,1, "Anna",Ulm\n': "", b"pos,1,'Anna',Ulm\n": "", b"pos,1,'An,na',Ulm\n": "E304",
        b'pos,1,"Anna,Ulm\n': "E305", b'"pos,1,Anna,Ulm\n': "E305", b'pos,1,Anna,"Ulm\n': "E305", b'pos,1,"An"na",Ulm\n': "", b'pos,1,"Anna,Ulm\npos,2,Bert,Bonn\n': ("E305", ""), b'pos,1,Anna,"\n': "E305",
        b'pos,1,"Anna,Ulm\npos,2,"Bert,Bonn\n': ("E305", "E305"), b'pos,1,"""Anna,Ulm\n': "E305", b'pos,1,"Anna"",Ulm\n': "E305", b'"\n': "E305", b'""\n': "E304", b'"""\n': "E305", b'pos,1,"""","""\n': "E305",
        b"pos,1,\xe2\x80\x9cAnna\xe2\x80\x9d,Ulm\n": "", b"pos,1,\xe2\x80\x9cAn,na\xe2\x80\x9d,Ulm\n": "E304", b'pos,1,An\\"na,Ulm\n': "", b'pos,1,"An\\"na",Ulm\n': "", b"pos,1,An\\,na,Ulm\n": "E304",
        b'pos,1,"' + b"x" * 60_000 + b'",Ulm\n': "", b'pos,1,"' + _BIG + b'",Ulm\n': "E309", b'pos,1,"' + b"\n" * 2_000 + b'",Ulm\n': "",
    }),
    *_rows("CSV: lines", {
        b"\n": (), b"\n\n\n": (), b" \n": (), b"   \n\n": (), b"\r\n": (), b"\r\r\n": (), b"pos,1,Anna,Ulm\r\n": "", b"pos,1,Anna,Ulm\r": "", b"pos,1,A,U\rpos,2,B,V\r": ("", ""), b"pos,1,A,U\r\npos,2,B,V\n": ("", ""),
        b"pos,1,Anna\xe2\x80\xa8,Ulm\n": "", b"pos,1,Anna\xc2\x85,Ulm\n": "E303", b"pos,1,An\x0bna,Ulm\n": "E303", b"pos,1,An\x0cna,Ulm\n": "E303", b"pos,1,Anna\x1c,Ulm\n": "E303", b"pos,1,Anna\x1e,Ulm\n": "E303", b"\t\n": "E304",
        b"pos,1," + _BIG + b",Ulm\n": "E309", b"pos,1,Anna," + _BIG + b"\n": "E309", b"pos," + _BIG + b",Anna,Ulm\n": "E309", b"pos,1," + b"x" * 2_000_000 + b",Ulm\n": "E309", b"x" * 1_500_000 + b"\n": "E309",
        b"pos,1,\0,Ulm\n": "E302", b"pos,\0,Anna,Ulm\n": "E302", b"\0\n": "E304", b"pos,1,Anna,Ulm\0\n": "E302", b"\0pos,1,Anna,Ulm\n": "E302", b"pos,1,\0\0\0\0,Ulm\n": "E302", b"pos,1,\x08,Ulm\n": "E303", b"pos\x01,1,A,U\n": "E303",
        b"\xef\xbb\xbfpos,1,Anna,Ulm\n": "", b"pos,1,\xef\xbb\xbfAnna,Ulm\n": "", b"pos,1,Anna,\x1b[31mUlm\n": "E303",
    }),
]  # fmt: skip

_HEADLESS = b"pos,1,Anna,Ulm\n"
CSV_FILES = [
    FileCase("CSV: files", f"{at}.csv", content, code, taken)
    for at, (content, code, taken) in enumerate((
        (b"", "E204", 0), (b"\n", "E204", 0), (b"\n\n\n", "E204", 0), (b" ", "E204", 0), (b"\xef\xbb\xbf", "E204", 0), (b"\r\n", "E204", 0), (b",,,\n", "E206", 0), (_HEADLESS, "E206", 0), (b"x", "E206", 0),
        (CSV_HEAD, "", 0), (CSV_HEAD.strip(), "", 0), (CSV_HEAD * 2, "", 1), (CSV_HEAD + b"\n\n\n", "", 0), (b"\n\n" + CSV_HEAD + _HEADLESS, "", 1), (CSV_HEAD + _HEADLESS.strip(), "", 1),
        (b"source,source_record_id,email,email\n", "E205", 0), (b"source,source_record_id,source_record_id\n", "E205", 0), (b"source,source_record_id, city,city \n", "E205", 0), (b"source,source,source_record_id\n", "E205", 0),
        (b"source,id\npos,1\n", "E206", 0), (b"source;source_record_id;city\npos;1;Ulm\n", "E206", 0), (b"source\tsource_record_id\npos\t1\n", "E206", 0), (b"SOURCE,SOURCE_RECORD_ID\npos,1\n", "E206", 0), (b"source,record id\n", "E206", 0),
        (b"source_record_id,city\n1,Ulm\n", "E210", 0), (b"source_record_id\n1\n", "E210", 0), (b"\xff\xfe\xff\n", "E206", 0), (b"source,source_record_id,pr\xe9nom\npos,1,x\n", "E211", 0), (b"\x89PNG\r\n\x1a\n\0\0", "E211", 0), (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "E206", 0),
        (b"PK\x03\x04\x14\0\x06\0", "E211", 0), (b"\x1f\x8b\x08\0\0\0\0\0", "E211", 0), (b"\0\0\0\0", "E211", 0), (b"SQLite format 3\0", "E211", 0), (b"<html><body>Login</body></html>\n", "E206", 0), (b'{"source":"pos"}\n', "E206", 0), (b"PAR1\0\0\0\0PAR1", "E211", 0),
        (b"source,source_record_id,\"city\npos,1,Ulm\n", "E211", 0), (b"source,source_record_id,,\npos,1,x,y\n", "", 1), (b"\"source\",\"source_record_id\"\n\"pos\",\"1\"\n", "", 1), (b"\xef\xbb\xbf" + CSV_HEAD + _HEADLESS, "", 1), (b"sep=,\n" + CSV_HEAD, "E206", 0),
        (b" source , source_record_id \npos,1\n", "", 1), (b"source,source_record_id," + b",".join(b"c%d" % n for n in range(2_000)) + b"\npos,1," + b"," * 1_999 + b"\n", "", 1), (b"source,source_record_id\r\npos,1\r\n", "", 1), (b"source,source_record_id\rpos,1\r", "", 1),
        (b"x" * 2_000_000 + b"\n", "E211", 0), (codecs.BOM_UTF16_LE, "E204", 0), (codecs.BOM_UTF16_LE + CSV_HEAD.decode().encode("utf-16-le"), "", 0), (CSV_HEAD.decode().encode("utf-16-le"), "E211", 0), (b"source,source_record_id,shoe_size\npos,1,44\n", "", 1),
    ))
]  # fmt: skip

UNDECODABLE = (
    b"\x80", b"\xbf", b"\xc0", b"\xc1", b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xc2", b"\xc2A", b"\xc3", b"\xc3(", b"\xdf", b"\xe0", b"\xe0\x80", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xe2\x82", b"\xe2\x28\xa1", b"\xe2\x82\x28", b"\xed\xa0\x80",
    b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf", b"\xed\xb0\x80", b"\xed\xbe\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xef\xbf", b"\xf0", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x90\x80", b"\xf0\x28\x8c\xbc", b"\xf0\x90\x28\xbc",
    b"\xf4\x90\x80\x80", b"\xf5", b"\xf5\x80\x80\x80", b"\xf7\xbf\xbf\xbf", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xff\xff\xff", b"A\xffB", b"\xc3\xa9\xff", b"\x80" * 100, b"J\xfcrgen", b"Jos\xe9", b"\x96", b"\xa0",
)  # fmt: skip
"""Bytes that are no UTF-8."""

_SPELT = (
    "José",
    "Müller",
    "Łódź",
    "Иванов",
    "Παπαδόπουλος",
    "李明",
    "さくら",
    "김철수",
    "שרה",
    "محمد",
    "Şahin",
    "naïve – “x”",
)
_ENCODINGS = (
    "latin-1",
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "iso8859-2",
    "iso8859-5",
    "iso8859-9",
    "koi8-r",
    "mac-roman",
    "cp437",
    "cp850",
    "shift-jis",
    "euc-jp",
    "gbk",
    "big5",
    "euc-kr",
    "utf-8",
    "utf-7",
    "utf-16-le",
    "cp037",
    "utf-16-be",
    "cp866",
    "cp932",
    "cp1257",
    "iso8859-7",
    "iso8859-8",
    "iso2022-jp",
    "johab",
)


def _encoded() -> list[RowCase]:
    cases = []
    for text in _SPELT:
        for encoding in _ENCODINGS:
            try:
                content = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            if any(mark in content for mark in (b"\n", b"\r", b",", b'"', b"\\")) or not content.strip():
                continue
            cases.append(RowCase(f"encodings: {encoding}", content, (_said_of(content),)))
    return list(dict.fromkeys(cases))


def _said_of(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "E301"
    if "\0" in text:
        return "E302"
    return "E303" if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text) else ""


ENCODED = _encoded()
"""Names as other encodings write them, in a file that is to be UTF-8: what is readable by chance is taken."""

_KEY = b'"source":"pos","source_record_id":"1"'


def _json(family: str, told: dict[bytes, str]) -> list[RowCase]:
    return [RowCase(family, b"{" + _KEY + b"," + rest + b"}\n", (code,)) for rest, code in told.items()]


def _deep(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * levels + closing * levels


JSON_ROWS = [
    *_json("JSON: values", {
        b'"city":"Ulm"': "", b'"city":null': "", b'"city":""': "", b'"city":true': "", b'"city":false': "", b'"city":0': "", b'"city":-0': "", b'"city":1.0': "", b'"city":1e5': "", b'"city":1E400': "E306", b'"city":-1e-400': "", b'"city":12345678901234567890123': "",
        b'"city":0.1': "", b'"city":' + b"9" * 400: "E306", b'"city":[]': "E310", b'"city":{}': "E310", b'"city":["Ulm"]': "E310", b'"city":[null]': "E310", b'"city":{"a":"b"}': "E310", b'"email":["a@x.example"]': "E310", b'"phone":{"home":"1"}': "E310",
        b'"city":NaN': "E306", b'"city":Infinity': "E306", b'"city":-Infinity': "E306", b'"city":undefined': "E306", b'"city":None': "E306", b'"city":True': "E306", b'"city":\'Ulm\'': "E306", b'"city":01': "E306", b'"city":+1': "E306", b'"city":.5': "E306", b'"city":1.': "E306", b'"city":0x1F': "E306",
        b'"city":1,000': "E306", b'"city":1_000': "E306", b'"city":"a"b"': "E306", b'"city":"\\x41"': "E306", b'"city":"\\u12"': "E306", b'"city":"\\"': "E306", b'"city":"a\tb"': "E306", b'"city":"a\\tb"': "", b'"city":"a\\nb"': "", b'"city":"\\/"': "",
        b'"shoe_size":44': "", b'"shoe_size":[1,{"a":[2]}]': "", b'"":"x"': "", b'"city ":"x"': "", b'"City":"x"': "", b'"__proto__":{"x":1}': "", b'"constructor":1': "", b'"city.name":"x"': "",
    }),
    *_json("JSON: characters", {
        b'"city":"\\u0000"': "E302", b'"city":"a\\u0000b"': "E302", b'"shoe":"\\u0000"': "E302", b'"city":"\\u0001"': "E303", b'"city":"\\u001b[2J"': "E303", b'"city":"\\u007f"': "E303", b'"city":"\\u0085"': "E303", b'"city":"\\b"': "E303", b'"city":"\\f"': "E303", b'"city":"\x7f"': "E303",
        b'"city":"\\ud800"': "E308", b'"city":"\\udc00"': "E308", b'"city":"\\ud800\\ud800"': "E308", b'"city":"\\ude00\\ud83d"': "E308", b'"city":"\\ud83d\\ude00"': "", b'"shoe":"\\ud800"': "E308", b'"\\ud800":"x"': "E308", b'"city":"\\ud800x"': "E308", b'"city":"\\uD83D\\u0041"': "E308",
        b'"city":"\x01"': "E303", b'"city":"\x00"': "E302", b'"city":"\x1f"': "E303", b'"city":"\\u200b"': "", b'"city":"\\ufeff"': "", b'"city":"\\uffff"': "", b'"city":"\\u202e"': "", b'"city":"\xe2\x80\xa8"': "", b'"city":"\xf0\x9f\x98\x80"': "",
    }),
    *_json("JSON: structure", {
        b'"city":"Ulm",': "E306", b',"city":"Ulm"': "E306", b'"city"': "E306", b'"city":': "E306", b'"city" "Ulm"': "E306", b'city:"Ulm"': "E306", b"// x": "E306", b"/* x */": "E306", b'"city":"Ulm"}': "E306", b'"city":"Ulm"},{"city":"Bonn"': "E306", b'"city":{"a":1': "E306",
        b'"city":"Ulm","city":"Bonn"': "", b'"city":null,"city":"Bonn"': "", b'"city":["x"],"city":"Bonn"': "", b'"shoe":' + _deep(10): "", b'"shoe":' + _deep(150): "", b'"shoe":' + _deep(500): "E306", b'"shoe":' + _deep(2_000): "E306",
        b'"shoe":' + _deep(100_000): "E306", b'"shoe":' + _deep(400, b'{"a":', b"}").replace(b":}", b":1}"): "E306", b'"shoe":' + b"[" * 50_000: "E306", b'"city":' + _deep(50): "E310", b'"shoe":[' + b"1," * 5_000 + b"1]": "", b'"phone":2.5,"shoe":' + _deep(900): "E306", b'"phone":2.5,"shoe":' + _deep(1_000): "E306",
        b'"consents":{}': "", b'"consents":null': "", b'"consents":"{}"': "", b'"consents":"x"': "E317", b'"consents":[]': "E310", b'"consents":{"a":1}': "E317", b'"consents":{"marketing.email":"granted"}': "E317", b'"consents":{"marketing.email":{}}': "E317",
        b'"consents":{"marketing.email":{"status":"granted"}}': "", b'"consents":{"marketing.email":{"status":"GRANTED"}}': "E317", b'"consents":{"marketing.email":{"status":"yes"}}': "E317", b'"consents":{"marketing.email":{"status":true}}': "E317", b'"consents":{"marketing.email":{"status":["granted"]}}': "E317",
        b'"consents":{"marketing.email":{"status":{"a":1}}}': "E317", b'"consents":{"email":{"status":"granted"}}': "E317", b'"consents":{"Marketing.Email":{"status":"granted"}}': "E317", b'"consents":{"marketing.email":{"status":"granted","captured_at":"yesterday"}}': "E317",
        b'"consents":{"marketing.email":{"status":"granted","captured_at":5}}': "E317", b'"consents":{"marketing.email":{"status":"denied","captured_at":"2024-05-01T10:00:00Z"}}': "", b'"consents":{"marketing.email":{"status":"granted","captured_at":"0001-01-01T00:00:00+05:00"}}': "E317",
        b'"consents":{"marketing.email":null}': "E317", b'"consents":{"a":' + _deep(240): "E306", b'"consents":{"a":' + _deep(150) + b"}": "E317", b'"consents":{"a":' + _deep(300) + b"}": "E306", b'"consents":{"a":' + _deep(900) + b"}": "E306", b'"consents":{"marketing.email":{"status":null}}': "E317",
        b'"observed_at":"2024-02-30T00:00:00Z"': "", b'"observed_at":"yesterday"': "", b'"observed_at":1714557600': "", b'"observed_at":"9999-12-31T23:59:59-14:00"': "", b'"observed_at":"0001-01-01T00:00:00+14:00"': "", b'"observed_at":"2024-05-01"': "", b'"observed_at":{}': "E310",
    }),
    *(RowCase("JSON: lines", content, becomes) for content, becomes in {
        b"[]\n": ("E307",), b"[1]\n": ("E307",), b"1\n": ("E307",), b"null\n": ("E307",), b'"x"\n': ("E307",), b"true\n": ("E307",), b'[{"source":"pos"}]\n': ("E307",), b"{\n": ("E306",), b"}\n": ("E306",), b"{}\n": ("E311",), b"x\n": ("E306",), b"{}{}\n": ("E306",), b"{},\n": ("E306",),
        b"\n": (), b"  \n": (), b"\t\n": (), b"\r\n": (), b"[\n": ("E306",), b"]\n": ("E306",), b"NaN\n": ("E306",), b"---\n": ("E306",), b"source,source_record_id\n": ("E306",), b"<x/>\n": ("E306",), b"\xef\xbb\xbf{}\n": ("E306",), b"{\n\n}\n": ("E306", "E306"), b"\0\n": ("E302",), b"\x01\n": ("E303",),
        b'{"source":"pos"}\n': ("E311",), b'{"source":"pos","source_record_id":null}\n': ("E311",), b'{"source":"pos","source_record_id":""}\n': ("E311",), b'{"source":"pos","source_record_id":" "}\n': ("E311",), b'{"source_record_id":"1"}\n': ("E312",), b'{"source":"","source_record_id":"1"}\n': ("E312",),
        b'{"source":"pos","source_record_id":[]}\n': ("E310",), b'{"source":{},"source_record_id":"1"}\n': ("E310",), b'{"source":"pos","source_record_id":1}\n': ("",), b'{"source":"pos","source_record_id":1.0}\n': ("",), b'{"source":"pos","source_record_id":1e5}\n': ("",), b'{"source":"pos","source_record_id":true}\n': ("",),
        b'{"source":"pos","source_record_id":12345678901234567890123}\n': ("",), b'{"source":"pos","source_record_id":"1.23E+12"}\n': ("E316",), b'{"source":"pos","source_record_id":1.23E+12}\n': ("E316",), b'{"source":"pos","source_record_id":"1","loyalty_id":"7E+9"}\n': ("E316",), b'{"source":"pos","source_record_id":"\\u0000"}\n': ("E302",),
        b'{"source":"pos","source_record_id":"1","city":"' + _BIG + b'"}\n': ("E309",), b'{"source":"pos","source_record_id":"1","shoe":"' + _BIG + b'"}\n': ("E309",), b'{"source":"pos","source_record_id":"1","city":"' + b"x" * 2_000_000 + b'"}\n': ("E309",), b"{" + b" " * 1_500_000 + b"}\n": ("E309",), b'{"' + _BIG + b'":1}\n': ("E311",),
    }.items()),
]  # fmt: skip
