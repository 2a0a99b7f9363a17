"""What a viewer should know of the encoder that was asked for."""

from typing import TYPE_CHECKING

from reelwright.encoders import find
from reelwright.media.model import Video

if TYPE_CHECKING:
    from reelwright.planning.plan import Request


def encoder_notes(request: "Request", video: Video) -> tuple[str, ...]:
    """Sentences on what the encoder asked for cannot do."""
    encoder, notes = find(request.encoder), []
    if not encoder.hdr_in_bitstream and (video.mastering_display or video.content_light):
        notes.append(
            f"Mastering display and light level stand in the container alone: {encoder.title} does not write them."
        )
    if request.deterministic and not encoder.deterministic:
        notes.append(f"{encoder.title} does not promise equal bytes from run to run.")
    if encoder.presets is None:
        notes.append(f"{encoder.title} has no presets: the preset changes nothing.")
    return tuple(notes)
