"""The checks an output must pass before it gets its name: facts against the plan, all pure."""

from collections.abc import Callable

from reelwright.planning.checks.dolby_vision import check_dolby_vision
from reelwright.planning.checks.dynamic_hdr import check_hdr10plus
from reelwright.planning.checks.evidence import Check, Evidence
from reelwright.planning.checks.frames import check_decode, check_duration, check_frames, check_times
from reelwright.planning.checks.grain import check_grain
from reelwright.planning.checks.picture import check_color, check_picture
from reelwright.planning.checks.pictures import check_pictures
from reelwright.planning.checks.sound import check_sounds
from reelwright.planning.checks.streams import (
    check_attachments,
    check_chapters,
    check_copies,
    check_inventory,
    check_offset,
    check_samples,
    check_side_data,
    check_tags,
)

CHECKS: tuple[Callable[[Evidence], Check], ...] = (
    check_frames,
    check_times,
    check_decode,
    check_pictures,
    check_picture,
    check_color,
    check_hdr10plus,
    check_grain,
    check_dolby_vision,
    check_duration,
    check_inventory,
    check_attachments,
    check_copies,
    check_samples,
    check_tags,
    check_side_data,
    check_chapters,
    check_offset,
    check_sounds,
)


def run_checks(evidence: Evidence) -> tuple[Check, ...]:
    """Every check, in order; none stops another."""
    return tuple(check(evidence) for check in CHECKS)
