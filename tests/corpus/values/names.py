# ruff: noqa: E501
"""Names of people: what looks like nothing and is a name, what looks like a name and is nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.cases import NAMES, Case, Outcome, each, read

__all__ = ["names"]

_LOOK_LIKE_NOTHING = (
    "Null", "NULL", "null", "Nil", "Void", "Undefined", "NaN", "True", "False", "Yes", "No", "Never", "Nothing", "Blank", "Empty",
    "Inf", "Infinity", "Case", "Self", "Key", "Root", "Admin", "Sample", "Dummy", "Fake", "Love", "King", "Prince", "Pope", "Major",
    "Saint", "Earl", "Bishop", "Dean", "Church", "Death", "Hell", "Cocks", "Dick", "Assman", "Weiner", "Butts", "Gaylord", "Sexton",
    "Wang", "Phuc", "Fuchs", "Hitler", "Christ", "God", "Messiah", "Santa", "Batman", "Superman", "Potter", "Bond", "Doe", "Roe", "Smith",
    "Mouse", "Duck", "Lie", "Y", "O", "E", "Ng", "Wu", "Au", "Åse", "Ø", "Li", "Xi", "Qi", "Ix", "Oz", "Aa", "Ooi", "Eve", "Jr Smith",
    "Select", "Drop", "Table", "Union", "Order", "March", "April", "May", "June", "August", "January", "Monday", "Friday", "Christmas",
)  # fmt: skip
_NAMES_TOO = ("Guest", "Tester", "Na", "Kunde")
_TITLES_AS_NAMES = (
    "Don", "Dona", "Gen", "Hon", "Lord", "Lady", "Sir", "Junior", "Senior", "Earl", "Duke", "Baron", "Count", "Saint", "Knight", "Dame",
    "Herr", "Sergeant", "General", "Captain", "Marquess", "Major",
)  # fmt: skip
_NOBODY = (
    "unknown", "UNKNOWN", "Unknown Unknown", "n/a", "N/A", "n.a.", "N.A", "n-a", "none", "None", "NONE", "nobody", "noname", "anonymous",
    "Anon", "test", "Test Test", "TEST", "tester", "testing", "Test Tester", "x", "xx", "xxx", "xxxx", "X X X", "tbd", "TBD", "customer",
    "Guest", "guest customer", "GUEST", "Unbekannt", "desconocido", "inconnu", "noreply", "Nomen Nescio", "Kunde", "walkin", "walk-in",
    "-", "--", "---", ".", "..", "...", "?", "???", "!", "*", "***", "#", "_", "__", "/", "//", ",", ";", ":", "()", "[]", "{}", "<>",
    "''", '""', "``", "&", "%", "$$$", "@", "~", "^", "|", "\\", "+", "=", "…", "—", "–", "·", "•", "«»", "“”", "", " ", "   ",
    "Mr", "Mrs", "Ms", "Dr", "Prof", "Mr.", "Mr & Mrs", "Dr. Prof.", "Frau", "Sr.", "Jr", "III",
)  # fmt: skip
_TITLED = (
    "Mr", "Mr.", "MR", "Mrs", "Mrs.", "Ms", "Miss", "Mx", "Dr", "Dr.", "Prof.", "Prof. Dr.", "Rev.", "Reverend", "Sir", "Dame", "Lord",
    "Lady", "Hon.", "Herr", "Frau", "Herr Dr.", "Don", "Doña", "Sr.", "Sra.", "Srta.", "Mme", "Mlle", "Monsieur", "Madame", "Capt.", "Col.",
    "Lt.", "Sgt.", "Gen.", "Admiral", "Baron", "Count", "Mr. Dr.",
)  # fmt: skip
_GENERATIONS = (
    "Jr",
    "Jr.",
    "JR",
    "Junior",
    "Sr",
    "Senior",
    "II",
    "III",
    "IV",
    "2nd",
    "3rd",
    "4th",
    "Esq",
    "PhD",
    "MD",
    "DDS",
)
_APOSTROPHES = "'’‘ʼʻʹ`´′‛ʾʿ＇ꞌ"
_JOINED = {"O{}Brien": "obrien", "D{}Angelo": "dangelo", "N{}Diaye": "ndiaye", "Ka{}ahumanu": "kaahumanu"}
_PUNCTUATED = {
    "Jean-Luc": "jean luc", "Jean - Luc": "jean luc", "Smith/Jones": "smith jones", "Smith & Jones": "smith jones", "Smith_Jones": "smith jones",
    "Smith (née Jones)": "smith nee jones", "SMITH,": "smith", "  Smith  ": "smith", "Smith\tJones": "smith jones",
    "St. John": "st john", "van der Berg": "van der berg", "VAN DER BERG": "van der berg", "de la Cruz": "de la cruz", "Al-Sayed": "al sayed",
    "bin Laden": "bin laden", "Mac Donald": "mac donald", "McDonald": "mcdonald", "Ó Súilleabháin": "o suilleabhain", "d'Arc": "darc",
    "X Æ A-12": "x ae a 12", "García-López": "garcia lopez", "Þórsdóttir": "thorsdottir", "Smith.": "smith", "'Smith'": "smith", "\"Smith\"": "smith",
    "smith²": "smith2", "Smith–Jones": "smith jones", "Smith—Jones": "smith jones", "Smith‐Jones": "smith jones", "Smith·Jones": "smith jones",
}  # fmt: skip
_LONG = (
    "A" * 200,
    "Anna " * 40,
    "Wolfeschlegelsteinhausenbergerdorff" * 6,
    "a-" * 100,
    "Ω" * 200,
    "ن" * 200,
    "名" * 200,
    "Anna" * 250,
)
_DIGITS = ("2", "007", "4real", "Anna2", "R2D2", "12345", "1st Anna", "Ⅷ", "٢", "Number 16 Bus Shelter")


def names() -> Iterator[Case]:
    """Return the cases about names of people."""
    yield from each("names like nothing", ("family_name",), _LOOK_LIKE_NOTHING, Outcome.ACCEPTED)
    yield from each("names like nothing", ("given_name",), _LOOK_LIKE_NOTHING, Outcome.ACCEPTED)
    yield from each("titles as names", NAMES, _TITLES_AS_NAMES, Outcome.ACCEPTED)
    yield from each("nobody's names", NAMES, _NOBODY, Outcome.KEPT)
    yield from each("nobody's names", ("full_name",), _NOBODY, Outcome.KEPT)
    yield from read("titles", ("given_name",), {f"{title} Anna": "anna" for title in _TITLED})
    yield from read(
        "titles", ("family_name",), {f"Okafor {generation}": "okafor" for generation in _GENERATIONS}
    )
    for pattern, told in _JOINED.items():
        yield from read(
            "apostrophes", ("family_name",), {pattern.format(mark): told for mark in _APOSTROPHES}
        )
    yield from read("punctuation", ("family_name",), _PUNCTUATED)
    yield from each("long names", (*NAMES, "full_name"), _LONG, Outcome.ACCEPTED)
    yield from each("digits in names", NAMES, _DIGITS, Outcome.ACCEPTED)
