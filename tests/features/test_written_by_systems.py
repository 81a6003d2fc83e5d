"""What systems write around names and dates."""

from __future__ import annotations

import pytest

from identity.features.dates import birth_date
from identity.features.names import personal_names


@pytest.mark.parametrize("written", ["13/4/1985 0:00", "13.4.1985 00:00:00", "1985-04-13T00:00:00Z"])
def test_a_time_behind_a_birth_date_is_left_out(written: str) -> None:
    assert birth_date(written) == "19850413"


def test_a_name_before_a_comma_is_the_family_name_also_when_nothing_follows() -> None:
    assert personal_names(None, None, "Smith,") == ("", "", "smith")
    assert personal_names(None, None, "Smith, Anna Maria") == ("anna", "maria", "smith")
