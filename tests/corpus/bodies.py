# ruff: noqa: E501
"""Bodies of requests that are not as they have to be, and what they are answered."""

from __future__ import annotations

__all__ = ["BODIES", "RECORD"]

RECORD = b'{"source":"pos","source_record_id":"1","given_name":"Ines"}'
_HEAD = b'"source":"pos","source_record_id":"1",'


def _deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def _with(*rest: bytes) -> list[bytes]:
    return [b"{" + _HEAD + each + b"}" for each in rest]


_NO_JSON = [
    b"", b" ", b"\n", b"{", b"}", b"[", b"]", b'"', b"{]", b"[}", b"{}{}", b"x", b"'x'", b"{'source':'pos'}", b"{source:1}", b'{"source"}', b'{"source":}', b'{"source":"pos",}', b"{,}", b'{"a":1,}', b"nul", b"tru", b"undefined", b"None", b"True",
    b"01", b"+1", b".5", b"1.", b"0x1F", b"1,000", b"// x\n{}", b"/* x */{}", b"<xml/>", b"a=b&c=d", b"--x\r\nContent-Disposition: form-data\r\n\r\n", b"\0", b"\0" + RECORD, RECORD + b"\0", b"\xff\xfe", b"\xff", b"\x80", b"\xc3\x28", b"\x1f\x8b\x08\0", b"PK\x03\x04", b"%PDF",
    RECORD[:-1], RECORD[1:], RECORD + b",", RECORD * 2, RECORD + b"\n" + RECORD, b"{" + _HEAD + b'"city":"a\nb"}', b"{" + _HEAD + b'"city":"\\x"}', b"{" + _HEAD + b'"city":"\\u12"}', b"{" + _HEAD + b'"city":"\xff"}', b"{" + _HEAD + b'"city":"\xed\xa0\x80"}', b"{" + _HEAD + b'"city":"\0"}',
    b"[" * 100_000, b"{" * 100_000, b'{"a":' * 50_000, _deep(5_000), b"9" * 5_000, b"-" * 5_000, b'{"source":' + _deep(2_000) + b"}", b"{" + b" " * 10_000,
]  # fmt: skip
_NO_RECORD = [
    b"[]", b"{}", b"null", b"1", b'"x"', b"true", b"1e5", b"[" + RECORD + b"]", b'{"source":"pos"}', b'{"source_record_id":"1"}', b'{"source":"","source_record_id":"1"}', b'{"source":"pos","source_record_id":""}', b'{"source":null,"source_record_id":"1"}', b'{"source":"pos","source_record_id":1}',
    b'{"source":["pos"],"source_record_id":"1"}', b'{"source":{"a":1},"source_record_id":"1"}', b'{"source":true,"source_record_id":"1"}', b'{"Source":"pos","source_record_id":"1"}', b'{"source":"' + b"x" * 1_001 + b'","source_record_id":"1"}', b'{"source":"pos","source_record_id":"' + b"x" * 1_001 + b'"}', b"[[[[]]]]", _deep(100), _deep(500), _deep(900),
    *_with(
        b'"city":1', b'"city":true', b'"city":[]', b'"city":{}', b'"city":["Ulm"]', b'"shoe_size":44', b'"":1', b'"__proto__":{}', b'"custom":[]', b'"custom":null', b'"custom":"x"', b'"custom":{"shoe":"44"}', b'"custom":{"a":1}', b'"custom":{"a":' + _deep(300) + b"}", b'"consents":[]', b'"consents":"x"', b'"consents":{"a":{}}',
        b'"consents":{"marketing.email":"granted"}', b'"consents":{"marketing.email":{}}', b'"consents":{"marketing.email":{"status":"yes"}}', b'"consents":{"Marketing.email":{"status":"granted"}}', b'"consents":{"marketing.email":{"status":"granted","captured_at":"yesterday"}}', b'"consents":{"marketing.email":{"status":"granted","captured_at":5}}',
        b'"consents":{"marketing.email":{"status":"granted","x":1}}', b'"consents":{"' + b"a" * 65 + b'.email":{"status":"granted"}}', b'"consents":{"a.b.c":{"status":"granted"}}', b'"consents":{"":{"status":"granted"}}', b'"observed_at":"yesterday"', b'"observed_at":"2024-05-01"', b'"observed_at":"2024-05-01T10:00:00"', b'"observed_at":1714557600', b'"observed_at":"1714557600"',
        b'"observed_at":"2024-02-30T00:00:00Z"', b'"observed_at":"0999-01-01T00:00:00Z"', b'"observed_at":"9999-01-01T00:00:00Z"', b'"observed_at":"99999-01-01T00:00:00Z"', b'"observed_at":"2024-05-01T25:00:00Z"', b'"observed_at":"2024-05-01T10:00:00+99:00"', b'"observed_at":[]', b'"observed_at":""', b'"observed_at":NaN', b'"city":NaN', b'"city":Infinity',
        b'"city":"\\u0000"', b'"city":"\\u0001"', b'"city":"\\ud800"', b'"loyalty_id":"1.23E+12"', b'"city":"' + b"x" * 65_537 + b'"', b'"given_name":' + b"9" * 4_000, b'"city":' + _deep(300),
    ),
]  # fmt: skip
_TAKEN = [
    RECORD, RECORD.decode().encode("utf-16-be"), b" \n\t" + RECORD + b"\n\n", *_with(
        b'"city":null', b'"city":""', b'"city":"Ulm","city":"Bonn"', b'"city":"\\ud83d\\ude00"', b'"city":"\\u202e"', b'"city":"a\\tb"', b'"custom":{}', b'"consents":{}', b'"observed_at":null', b'"observed_at":"2024-05-01T10:00:00Z"', b'"observed_at":"2024-05-01T10:00:00+14:00"',
        b'"consents":{"marketing.email":{"status":"granted"}}', b'"consents":{"marketing.email":{"status":"objected","captured_at":null}}', b'"city":"' + b"x" * 65_536 + b'"', b'"city":"\xf0\x9f\x98\x80"', b'"birth_date":"1985-02-31"', b'"email":"@"', b'"phone":"+"',
    ),
]  # fmt: skip

BODIES: tuple[tuple[bytes, tuple[int, ...]], ...] = (
    *((body, (400, 422)) for body in _NO_JSON),
    *((body, (422,)) for body in _NO_RECORD),
    *((body, (200,)) for body in _TAKEN),
)
"""A body sent to /v1/records → which statuses it may be answered with."""
