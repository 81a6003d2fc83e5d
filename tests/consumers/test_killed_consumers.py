"""A consumer is killed at random moments, with events that repeat and overtake each other: effects happen once."""

from __future__ import annotations

from tests.reference_loyalty.serving import Shop

from .killed import Plan, kill_again_and_again


def test_effects_happen_once_however_often_the_consumer_is_killed(url: str, here: Shop) -> None:
    kill_again_and_again(url, here, Plan(members=24, acts=72, at_once=8, longest_life=0.7), seed=7)
