"""How one word goes wrong: typing, hearing, nicknames, initials, accents. Chance comes in as numbers."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from identity.sample.columns import facts
from identity.sample.names import nicknames

UMLAUTS: Final[dict[int, str]] = {ord(short): long for short, long in facts("umlauts.tsv")}
KEYBOARD: Final = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    beside: dict[str, str] = {}
    for row, above in zip(KEYBOARD, ("", *KEYBOARD[:3]), strict=True):
        for at, key in enumerate(row):
            near = row[max(at - 1, 0) : at] + row[at + 1 : at + 2] + above[at : at + 2]
            beside[key] = near if key.isdigit() else "".join(n for n in near if n.isalpha())
    return beside


NEIGHBOURS: Final = _neighbours()


def mistype(word: str, kind: float, place: float, key: int) -> str:
    """One slip: a wrong, missing, extra or swapped letter at `place` (0 to 1), seldom the first."""
    if len(word) < 3:
        return word
    at = 1 + int(place * (len(word) - 1)) if place > 0.05 else 0
    slip = SLIPS[min(int(kind * len(SLIPS)), len(SLIPS) - 1)]
    return slip(word, min(at, len(word) - 1), key)


def _near(letter: str, key: int) -> str:
    near = NEIGHBOURS.get(letter.lower()) or letter
    chosen = near[key % len(near)]
    return chosen.upper() if letter.isupper() else chosen


def _substitute(word: str, at: int, key: int) -> str:
    return word[:at] + _near(word[at], key) + word[at + 1 :]


def _insert(word: str, at: int, key: int) -> str:
    extra = word[at] if key % 2 else _near(word[at], key)
    return word[: at + 1] + extra.lower() + word[at + 1 :]


def _delete(word: str, at: int, _key: int) -> str:
    return word[:at] + word[at + 1 :]


def _transpose(word: str, at: int, _key: int) -> str:
    at = max(1, min(at, len(word) - 2))
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


Slip = Callable[[str, int, int], str]
SLIPS: Final[tuple[Slip, ...]] = (_substitute, _insert, _delete, _transpose, _substitute)


def mistype_digits(number: str, kind: float, place: float, key: int) -> str:
    """One slip in the last group of a number; digits stay digits."""
    head, blank, rest = number.rpartition(" ")
    return head + blank + mistype(rest, kind, place, key)


def mishear(word: str, start: int) -> str:
    """The word as another would spell what he heard; unchanged where nothing fits."""
    small, sounds = word.lower(), facts("heard_as.tsv")
    for step in range(len(sounds)):
        said, written = sounds[(start + step) % len(sounds)]
        at = small.find(said, 1)
        if at > 0:
            return word[:at] + written + word[at + len(said) :]
    return word


def nickname(name: str, choice: int) -> str:
    short = nicknames().get(name, (name,))
    return short[choice % len(short)]


def initial(name: str, choice: int) -> str:
    return name[0] + ("." if choice % 2 else "")


@lru_cache(maxsize=65536)
def spell_out(text: str) -> str:
    """Umlauts as two letters: Müller, Mueller."""
    return text.translate(UMLAUTS)


@lru_cache(maxsize=65536)
def drop_accents(text: str) -> str:
    """Letters without their marks: Müller, Muller."""
    plain = text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O").replace("æ", "ae")
    return normalize("NFKD", plain).encode("ascii", "ignore").decode()


def stray_blank(text: str, choice: int) -> str:
    return (f" {text}", f"{text} ", f"{text}  ", text.replace(" ", "  "))[choice % 4]
