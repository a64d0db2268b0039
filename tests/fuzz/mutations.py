"""Makes nonsense of valid samples: bits, pieces, repetitions, and what attackers try. Drawn from a seeded generator."""

from __future__ import annotations

from random import Random

NASTY: tuple[bytes, ...] = (
    b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"'", b'"', b"<", b">", b"&", b"&#0;", b"&#x110000;", b"]]>",
    b"<![CDATA[",
    b"<!DOCTYPE a [<!ENTITY b 'cccc'>]>", b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'>", b"&b;", b"<?xml version='9'?>",
    b"<a>" * 300, b"</a>" * 300, b" a='1'" * 300, b"<a xmlns:x='y'/>", b"{" * 3000, b"[" * 3000, b"}" * 30,
    b"{{ a * 99999999 }}", b"{% for a in b %}", b"{{ a.__class__ }}", b"&a [*a,*a]",
    b"!!python/object/apply:os.system [x]",
    b"9" * 400, b"-1", b"1e999", b"NaN", b"null", b"true", b"../" * 20, b"%00", b"\r\n\r\n", b"\r\nSet-Cookie: a=b",
    b"' OR 1=1 --", b"$(id)", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", "\u202e".encode(), b"a" * 70_000, b":\n  - " * 200,
)  # fmt: skip


def mutated(sample: bytes, others: tuple[bytes, ...], dice: Random) -> bytes:
    """The sample changed in one place, or in a few."""
    data = sample
    for _ in range(1 if dice.random() < 0.6 else dice.randint(2, 6)):
        data = _once(data, others, dice)
    return data


def _once(data: bytes, others: tuple[bytes, ...], dice: Random) -> bytes:
    first = dice.randint(0, len(data))
    second = min(len(data), first + dice.choice((0, 1, 3, 9, 30, len(data))))
    match dice.randrange(8):
        case 0:  # a bit
            at = dice.randrange(len(data)) if data else 0
            return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :] if data else b"x"
        case 1:
            return data[:first] + data[second:]
        case 2:
            return data[:second] + data[first:second] * dice.randint(1, 20) + data[second:]
        case 3:
            return data[:first] + dice.choice(NASTY) + data[second:]
        case 4:
            return data[:first] + dice.choice(NASTY) + data[first:]
        case 5:
            return data[:first]
        case 6:  # a piece of another one
            other = dice.choice(others)
            start, end = sorted((dice.randint(0, len(other)), dice.randint(0, len(other))))
            return data[:first] + other[start:end] + data[first:]
        case _:
            return data[:first] + dice.randbytes(dice.randint(1, 40)) + data[first:]
