"""Folding: the ASCII-leaning key on which text is compared, never displayed."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ascii_digits", "fold", "words"]

# Letters that Unicode does not decompose, spelled as their own languages transcribe them.
_LIGATURES = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "’": "'"}
)
_NOT_WORD = re.compile(r"[^\w]+|_+")
# Zero-width and direction marks hide inside names; they must neither split nor distinguish them.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def fold(text: str) -> str:
    """Return `text` in lower case, compatibility-composed, without accents or invisible marks."""
    if text.isascii():
        return text.lower()
    # Decomposing may bring forth capitals, and folding may bring forth what decomposes: hence twice.
    text = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text)).casefold().translate(_LIGATURES)
    text = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in text if not unicodedata.combining(letter))


def ascii_digits(text: str) -> str:
    """Return `text` with every decimal digit, of whatever script, as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(letter)) if letter.isdecimal() else letter for letter in text)


def words(text: str) -> list[str]:
    """Return the folded words of `text`; apostrophes join ("O'Brien" → obrien), other punctuation parts."""
    return _NOT_WORD.sub(" ", fold(text).replace("'", "").replace("`", "")).split()
