"""E-mail addresses, already reduced to the mailbox they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from identity.comparators.base import (
    Codes,
    Comparator,
    Flags,
    Levels,
    Texts,
    as_texts,
    edits,
    equal_codes,
    first_true,
)
from identity.model.vocabulary import COMPARATOR_LEVELS

__all__ = ["EMAIL"]

CLOSE, CLOSE_AT_PROVIDER, SAME_LOCAL, DIFFERENT = 2, 3, 4, 5

PUBLIC_PROVIDERS = frozenset(
    """gmail.com yahoo.com hotmail.com outlook.com icloud.com aol.com msn.com live.com me.com mac.com comcast.net
    verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net ymail.com rocketmail.com mail.com gmx.com
    gmx.net gmx.de web.de t-online.de freenet.de hotmail.de yahoo.de outlook.de hotmail.co.uk yahoo.co.uk
    live.co.uk btinternet.com sky.com virginmedia.com talktalk.net ntlworld.com orange.fr wanadoo.fr free.fr
    laposte.net sfr.fr hotmail.fr yahoo.fr libero.it virgilio.it hotmail.it yahoo.it tin.it hotmail.es yahoo.es
    telefonica.net terra.com bol.com.br uol.com.br yahoo.com.br hotmail.com.br proton.me protonmail.com zoho.com
    yandex.com yandex.ru mail.ru qq.com 163.com 126.com naver.com daum.net rediffmail.com yahoo.co.in yahoo.ca
    hotmail.ca rogers.com shaw.ca bigpond.com optusnet.com.au yahoo.com.au telia.com bluewin.ch gmx.ch gmx.at
    ziggo.nl kpnmail.nl hetnet.nl home.nl telenet.be skynet.be wp.pl o2.pl onet.pl interia.pl seznam.cz""".split()
)
"""Domains anybody can have an address at: there, like names have like addresses."""


def _one(left: str, right: str) -> int:
    ours, our_domain = left.rsplit("@", 1)
    theirs, their_domain = right.rsplit("@", 1)
    if OSA.distance(left, right, score_cutoff=2) <= 2:
        public = our_domain in PUBLIC_PROVIDERS and their_domain in PUBLIC_PROVIDERS
        return CLOSE_AT_PROVIDER if public else CLOSE
    return SAME_LOCAL if ours == theirs else DIFFERENT


@dataclass(frozen=True, slots=True)
class _Emails:
    texts: Texts
    local: NDArray[np.int64]
    public: Flags


def _prepare(values: Sequence[str]) -> _Emails:
    parts = [value.rpartition("@") for value in values]
    return _Emails(
        as_texts(values),
        equal_codes([local for local, _, _ in parts]),
        np.fromiter((domain in PUBLIC_PROVIDERS for _, _, domain in parts), np.bool_, len(parts)),
    )


def _many(emails: _Emails, first: Codes, second: Codes) -> Levels:
    close = edits(emails.texts, first, second, 2) <= 2
    return first_true(
        [
            (close & emails.public[first] & emails.public[second], CLOSE_AT_PROVIDER),
            (close, CLOSE),
            (emails.local[first] == emails.local[second], SAME_LOCAL),
        ],
        DIFFERENT,
    )


EMAIL = Comparator(
    "email",
    COMPARATOR_LEVELS["email"],
    _one,
    _prepare,
    _many,
)
