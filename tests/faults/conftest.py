"""What the fault suite stands on: the same people, model and databases as the flows' tests."""

from tests.flows.conftest import model, ready, sampled, tight_rules

__all__ = ["model", "ready", "sampled", "tight_rules"]
