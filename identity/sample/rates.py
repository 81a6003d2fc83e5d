"""Every rate of the sample, in one place: the chance, per row, person or household, of what its name says."""

from typing import Final

SOURCES: Final = ("pos", "ecommerce", "loyalty", "erp")
"""The four systems. Arrays of sources hold positions in this tuple."""

PerSource = tuple[float, float, float, float]
"""One rate for each of SOURCES, in that order."""

# How many records, and where.
SOURCE_SHARE: Final[PerSource] = (0.30, 0.35, 0.25, 0.10)
RECORDS_PER_PERSON: Final = (0.33, 0.275, 0.17, 0.10, 0.06, 0.035, 0.02, 0.01)
COUNTRY_SHARE: Final = {"US": 0.80, "GB": 0.10, "DE": 0.10}

# Who lives with whom.
SHARED_HOUSEHOLD: Final = 0.35
HOUSEHOLD_SIZES: Final = {2: 0.52, 3: 0.22, 4: 0.18, 5: 0.08}
PARTNER_AMONG_TWO: Final = 0.78
PARTNER_AMONG_MORE: Final = 0.85
SAME_GENDER_COUPLE: Final = 0.05
PARTNER_KEEPS_SURNAME: Final = 0.18
CHILD_OTHER_SURNAME: Final = 0.06
TWIN: Final = 0.12
NAMESAKE_SON: Final = 0.12
WRITES_JUNIOR: Final = 0.5
CHILD_MOVED_OUT: Final = 0.2
SHARED_LANDLINE: Final = 0.45
SINGLE_LANDLINE: Final = 0.15
FAMILY_EMAIL: Final = 0.12

# Who a person is, and what changes in a life.
MIDDLE_NAME: Final = 0.3
RARE_SURNAME: Final = 0.08
GIVEN_NAME_OF_OWN_ORIGIN: Final = 0.75
MARRIED_NAME: Final = {"F": 0.16, "M": 0.02}
MOVED: Final = 0.25
CHANGED_MOBILE: Final = 0.12
RECYCLED_MOBILE: Final = 0.08
SECOND_EMAIL: Final = 0.22
HAS_EMAIL: Final = 0.96
HAS_MOBILE: Final = 0.97
UNIT_IN_A_BUILDING: Final = 0.22
ORIGINS: Final = {
    "US": {"us": 0.78, "es": 0.13, "de": 0.03, "fr": 0.03, "nordic": 0.03},
    "GB": {"gb": 0.90, "us": 0.04, "fr": 0.02, "es": 0.02, "de": 0.02},
    "DE": {"de": 0.88, "nordic": 0.04, "fr": 0.03, "es": 0.03, "gb": 0.02},
}

# What a system does not know.
MISSING: Final[dict[str, PerSource]] = {
    "given_name": (0.07, 0.03, 0.010, 0.02),
    "family_name": (0.03, 0.02, 0.005, 0.00),
    "birth_date": (0.93, 0.70, 0.20, 1.00),
    "email": (0.52, 0.02, 0.15, 0.42),
    "phone": (0.32, 0.42, 0.18, 0.22),
    "address": (0.45, 0.14, 0.22, 0.03),
    "city": (0.25, 0.10, 0.18, 0.02),
    "region": (0.45, 0.14, 0.22, 0.10),
    "postcode": (0.20, 0.09, 0.12, 0.03),
    "country": (1.00, 0.09, 0.05, 0.00),
    "gender": (1.00, 1.00, 0.15, 0.30),
    "tax_id": (1.00, 1.00, 1.00, 0.60),
    "loyalty_id": (0.50, 0.65, 0.00, 1.00),
}
KEPT_WITHOUT_CONTACT: Final = 0.1
"""Of the rows with neither e-mail, phone, street nor birth date, how many stay so."""

# How names are written.
NICKNAME: Final = 0.09
INITIAL: Final = 0.03
WITH_MIDDLE_NAME: Final = 0.05
SWAPPED_NAMES: Final[PerSource] = (0.02, 0.015, 0.008, 0.02)
GIVEN_TYPO: Final[PerSource] = (0.035, 0.02, 0.015, 0.02)
FAMILY_TYPO: Final[PerSource] = (0.045, 0.02, 0.02, 0.025)
PHONETIC: Final[PerSource] = (0.03, 0.004, 0.01, 0.012)
DOUBLE_BARRELLED: Final = 0.12
SENIOR_OR_JUNIOR: Final = 0.6
UMLAUT_SPELT_OUT: Final = {"US": 0.05, "GB": 0.10, "DE": 0.22}
ACCENT_LOST: Final = {"US": 0.80, "GB": 0.50, "DE": 0.12}
UPPER_CASE: Final[PerSource] = (0.18, 0.02, 0.02, 0.32)
LOWER_CASE: Final[PerSource] = (0.02, 0.05, 0.02, 0.00)
STRAY_BLANK: Final = 0.012
PLACEHOLDER_NAME: Final[PerSource] = (0.006, 0.002, 0.001, 0.001)

# How dates are written.
DAY_MONTH_SWAP: Final = 0.012
DATE_DIGITS_TRANSPOSED: Final = 0.010
DATE_DIGIT_WRONG: Final = 0.010
FIRST_OF_JANUARY: Final = 0.018
DATE_PLACEHOLDER: Final = 0.012

# How people are reached.
USES_SECOND_EMAIL: Final = 0.45
USES_FAMILY_EMAIL: Final = 0.25
EMAIL_TYPO: Final[PerSource] = (0.03, 0.006, 0.015, 0.02)
DOMAIN_TYPO: Final[PerSource] = (0.015, 0.003, 0.008, 0.008)
GMAIL_VARIANT: Final = 0.04
EMAIL_CAPITALS: Final = 0.03
PLACEHOLDER_EMAIL: Final[PerSource] = (0.006, 0.001, 0.002, 0.003)
USES_LANDLINE: Final[PerSource] = (0.25, 0.12, 0.12, 0.45)
PHONE_TYPO: Final[PerSource] = (0.025, 0.008, 0.012, 0.012)
PLACEHOLDER_PHONE: Final[PerSource] = (0.008, 0.002, 0.003, 0.004)
CONTACT_OF_HOUSEHOLD_HEAD: Final = 0.03
STORE_PHONE: Final = 0.02
STORE_EMAIL: Final = 0.01
CASHIER_CARD: Final = 0.01
PEOPLE_PER_STORE: Final = 2500
CASHIERS_PER_STORE: Final = 3

# How places are written.
OLD_ADDRESS_KEPT: Final = 0.12
STREET_ABBREVIATED: Final[PerSource] = (0.55, 0.35, 0.35, 0.45)
STREET_TYPO: Final[PerSource] = (0.03, 0.015, 0.02, 0.02)
CITY_TYPO: Final[PerSource] = (0.02, 0.008, 0.01, 0.01)
POSTCODE_RUN_TOGETHER: Final = 0.15
POSTCODE_TYPO: Final[PerSource] = (0.015, 0.005, 0.008, 0.006)
COUNTRY_IN_WORDS: Final[PerSource] = (0.0, 0.0, 0.12, 0.0)
TAX_ID_TYPO: Final = 0.012
GENDER_UNTOLD: Final = 0.015
GENDER_WRONG: Final = 0.005

# What people allow.
ATTITUDES: Final = (0.45, 0.35, 0.20)
"""Shares of people who are keen, choosy and averse."""
GRANTS: Final = (0.85, 0.45, 0.08)
"""Chance that each of them says yes when asked."""
ASKED: Final[dict[str, PerSource]] = {
    "email": (0.60, 0.95, 0.90, 0.0),
    "sms": (0.60, 0.40, 0.80, 0.0),
    "phone": (0.60, 0.10, 0.00, 0.0),
    "post": (0.60, 0.00, 0.75, 0.0),
}
PENDING: Final = 0.04
WITHDRAWS: Final = 0.09
WITHDRAWS_CHANNEL: Final = 0.8

# What goes wrong in an export (of the rows of one file, all kinds together).
PLANTED: Final = 0.001
PLANTED_FROM: Final = 500
"""From this many people on, each kind of planted row occurs at least once in each file that can have it."""
