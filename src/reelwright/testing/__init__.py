"""The contracts of the plugins' ports, for the tests of those who write plugins; ours go through the same.

Each function raises AssertionError with a sentence where a port is not kept:

    from reelwright.testing import check_matcher

    def test_my_matcher_keeps_its_port() -> None:
        check_matcher(MyMatcher(), holds=[(">2", {"channels": 6}, True)], wrong=["many"])
"""

from reelwright.testing.encoders import check_encoder
from reelwright.testing.matchers import check_matcher
from reelwright.testing.notifiers import check_notifier
from reelwright.testing.raster_steps import check_raster_step

__all__ = ["check_encoder", "check_matcher", "check_notifier", "check_raster_step"]
