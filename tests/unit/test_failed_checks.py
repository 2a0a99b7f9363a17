import pytest

from reelwright.engine.finish import failed_checks
from reelwright.planning.checks.evidence import Check


def check(name: str, *, passed: bool) -> Check:
    return Check(name=name, passed=passed, detail=f"what {name} found")


def test_every_check_that_failed_is_named_and_none_that_passed() -> None:
    error = failed_checks((check("times", passed=True), check("frames", passed=False), check("copies", passed=False)))
    assert "frames: what frames found; copies: what copies found" in error.message
    assert "times" not in error.message
    assert (error.exit_code, len(error.checks)) == (6, 3)


@pytest.mark.parametrize(("failed", "told"), [(("sound",), True), (("sound", "frames"), False), (("frames",), False)])
def test_copying_is_offered_where_the_encoded_sound_alone_is_at_fault(failed: tuple[str, ...], told: bool) -> None:  # noqa: FBT001
    error = failed_checks(tuple(check(name, passed=name not in failed) for name in ("sound", "frames", "times")))
    assert ("--audio copy" in error.hint) == told
