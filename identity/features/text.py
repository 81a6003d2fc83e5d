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
# Zero-width and direction marks, fillers and variation selectors hide inside names; they must neither split nor
# distinguish them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e01ef]"
)
# What is typed for an apostrophe: left and right quotation marks, primes, the letters of Hawaiian and Arabic names.
_APOSTROPHES = re.compile("['`\u00b4\u02b9\u02bb-\u02bf\u2018\u2019\u201b\u2032\u2035\ua78b\ua78c]")


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
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower().replace("'", "").replace("`", "")).split()
    # Before folding too, which makes a blank and an accent of U+00B4.
    folded = _APOSTROPHES.sub("", fold(_APOSTROPHES.sub("", text)))
    return "".join(letter if _in_words(letter) else " " for letter in folded).split()


def _in_words(letter: str) -> bool:
    """Vowels of Indian and South East Asian scripts are marks: no letters by themselves, but in the midst of words."""
    return letter.isalnum() or unicodedata.category(letter) in ("Mn", "Mc")
