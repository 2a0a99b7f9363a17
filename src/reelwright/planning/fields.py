"""Interlaced film: AV1 codes frames only, so that fields become frames, or the film is refused."""

from fractions import Fraction

from reelwright.media.model import Video
from reelwright.media.timing import FrameIndex

#: Deinterlacers as FFmpeg has them, each told to give one frame for every two fields and to leave frames alone that
#: are not marked interlaced. Which field comes first, each frame says itself.
METHODS = {
    "bwdif": "bwdif=mode=send_frame:deint=interlaced",
    "yadif": "yadif=mode=send_frame:deint=interlaced",
    "w3fdif": "w3fdif=mode=frame:deint=interlaced",
    "estdif": "estdif=mode=frame:deint=interlaced",
}
HINT = "`--deinterlace bwdif` makes one frame of every two fields; frames not marked interlaced stay as they are."
#: Rates of American and Japanese video, which films of 24 frames a second are spread over.
TELECINE_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))


def has_fields(video: Video, index: FrameIndex | None) -> bool:
    """Whether frames hold two fields: as the analysis counted, or before it as the first frames and container say."""
    return bool(index.interlaced_frames) if index is not None else bool(video.interlaced)


def deinterlacer(video: Video, method: str | None, index: FrameIndex | None) -> tuple[str, ...]:
    """The filter that makes frames of fields; none where there are no fields."""
    return (METHODS[method],) if method is not None and has_fields(video, index) else ()


def field_notes(video: Video, method: str | None, index: FrameIndex | None) -> tuple[str, ...]:
    """Sentences on what becomes of fields."""
    if method is None:
        return ()
    if not has_fields(video, index):
        said = "The container calls the film interlaced, but none" if video.interlaced else "None"
        return (f"{said} of its frames is: nothing is deinterlaced.",) if index is not None else ()
    which = "Its interlaced frames" if index is None else f"{index.interlaced_frames} of {index.frames} frames"
    said = f"{which} are deinterlaced with {method}, one frame for every two fields, each at its own time"
    notes = [f"{said}; VMAF compares with the deinterlaced film."]
    if any(abs((video.average_rate or 0) / rate - 1) < Fraction(1, 1000) for rate in TELECINE_RATES):
        notes.append("If it is telecined film, repeated and mixed pictures stay: nothing here undoes telecine.")
    return tuple(notes)
