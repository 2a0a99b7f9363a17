"""Which Dolby Vision can be carried into AV1, how, and why the rest is refused.

An RPU is the metadata of one frame. It is copied frame by frame into AV1; what cannot be is a second picture, the
enhancement layer of profile 7, and a base layer in colours that no AV1 profile but Dolby's own decoder understands
(profile 5). FFmpeg would write either, label it as profile 10.1 and say nothing, so they are told apart here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reelwright.encoders import DEFAULT, find
from reelwright.media.model import DolbyVision, Video

if TYPE_CHECKING:
    from reelwright.planning.plan import Request

#: AV1's profile of Dolby Vision.
AV1_PROFILE = 10
#: Profiles with one layer whose base layer others can show.
CARRIED = frozenset({8, AV1_PROFILE})
#: What a base layer's colours must be for AV1, by compatibility: primaries, transfer and matrix.
BASE_LAYERS = {
    1: ("HDR10", ("bt2020", "smpte2084", "bt2020nc")),
    2: ("SDR", ("bt709", "bt709", "bt709")),
    4: ("HLG", ("bt2020", "arib-std-b67", "bt2020nc")),
}
#: Most lines of a picture for the first and the second CRF of the direct strategy.
SD_LINES, HD_LINES = 720, 1080
DOVI_TOOL = "https://github.com/quietvoid/dovi_tool"
KEPT = "The source was left as it is."


@dataclass(frozen=True, kw_only=True, slots=True)
class Objection:
    """Why a film is refused, and what would help."""

    reason: str
    hint: str
    rule: str = "dolby-vision"


def objection(video: Video, request: "Request") -> Objection | None:
    """Why the Dolby Vision of a film would not survive; None where it would, or where there is none."""
    if (dolby := video.dolby_vision) is None:
        return None
    for rule in (_profile, _agreement, _base_layer):
        if found := rule(dolby, video):
            return found
    return _picture(request)


def _profile(dolby: DolbyVision, _: Video) -> Objection | None:
    profile = dolby.seen if dolby.profile is None else dolby.profile
    if 7 in {dolby.profile, dolby.seen} or dolby.enhancement:  # noqa: PLR2004
        return Objection(
            reason="The film is Dolby Vision profile 7: its second picture, the enhancement layer, has no place in "
            "AV1.",
            hint=f"`dovi_tool -m 2 convert --discard` ({DOVI_TOOL}) makes profile 8.1 of its HEVC stream, which then "
            "is encoded with its Dolby Vision.",
        )
    if 5 in {dolby.profile, dolby.seen} or dolby.compatibility == 0:  # noqa: PLR2004
        return Objection(
            reason="The film is Dolby Vision profile 5: its picture is in Dolby's own colours, which only their "
            "decoder shows rightly, and AV1 would show wrong ones.",
            hint=f"Keep it as it is, or look for a release of profile 8. {KEPT}",
        )
    if profile is None:
        reason = "The film carries Dolby Vision metadata of a profile that is not known."
        return Objection(reason=reason, hint=KEPT)
    if profile not in CARRIED:
        return Objection(reason=f"The film is Dolby Vision profile {dolby.name}, which has no form in AV1.", hint=KEPT)
    return None


def _agreement(dolby: DolbyVision, _: Video) -> Objection | None:
    # In AV1 the metadata itself is that of profile 8.
    if None in {dolby.seen, dolby.profile} or dolby.seen == min(dolby.profile or 8, 8):
        return None
    return Objection(
        reason=f"Its configuration record says Dolby Vision profile {dolby.profile}, its metadata profile "
        f"{dolby.seen}.",
        hint="Remux its HEVC stream, so that the record is made anew.",
    )


def _base_layer(dolby: DolbyVision, video: Video) -> Objection | None:
    if dolby.compatibility not in BASE_LAYERS:
        return Objection(
            reason="The film is Dolby Vision, and nothing tells what its picture is without that.",
            hint="Its colours (primaries, transfer, matrix) must be tagged; mkvmerge and x265 can do so.",
        )
    name, wanted = BASE_LAYERS[dolby.compatibility]
    color = video.color
    got = color.primaries, color.transfer, color.matrix
    if got == wanted:
        return None
    said = "/".join(part or "unknown" for part in got)
    return Objection(
        reason=f"The film is Dolby Vision profile {dolby.name} over {name}, but its colours are tagged {said}.",
        hint=f"Tag them as what they are ({'/'.join(wanted)}): AV1 cannot announce its Dolby Vision otherwise.",
    )


def _picture(request: "Request") -> Objection | None:
    asked = next((flag for flag, given in GEOMETRY.items() if given(request)), None)
    if asked is not None:
        return Objection(
            reason=f"The film is Dolby Vision, and its metadata says of each frame where in the picture things are: "
            f"{asked} would make that wrong.",
            hint=f"Leave {asked} out.",
            rule="dolby-vision-picture",
        )
    if not find(request.encoder).dolby_vision:
        return Objection(
            reason=f"The film is Dolby Vision, and the encoder {request.encoder} does not write its metadata.",
            hint=f"--encoder {DEFAULT} does.",
            rule="dolby-vision-encoder",
        )
    return None


#: What changes where things lie in the picture, and how to tell that it is asked for.
GEOMETRY: dict[str, Callable[["Request"], bool]] = {
    "--scale": lambda request: request.scale is not None,
    "--crop": lambda request: request.crop != "off",
}


def is_direct(video: Video, request: "Request") -> bool:
    """Whether the film is encoded in one piece at a fixed CRF."""
    return request.strategy == "direct" or (request.strategy == "auto" and video.dolby_vision is not None)


def direct_crf(video: Video, request: "Request") -> float:
    """The CRF of a film in one piece: what was asked for, else by the lines of its picture."""
    if request.crf is not None:
        return request.crf
    sd, hd, uhd = request.direct_crf
    return sd if video.height <= SD_LINES else hd if video.height <= HD_LINES else uhd


def undivided(request: "Request") -> Objection | None:
    """Why what is asked for cannot be had in one piece; None where it can."""
    asked = "--zone" if request.zones else "--scenes" if request.cuts is not None else None
    if asked is None:
        return None
    return Objection(
        reason=f"The film is encoded in one piece, and {asked} needs chunks.",
        hint=f"Leave {asked} out, or encode it with --strategy chunked.",
        rule="one-piece",
    )


def strategy_notes(video: Video, request: "Request") -> tuple[str, ...]:
    """Sentences on what the strategy means for the user."""
    notes = []
    if (dolby := video.dolby_vision) is not None:
        name = f"{AV1_PROFILE}.{dolby.compatibility}"
        becomes = f"stays profile {name}" if dolby.name == name else f"{dolby.name} becomes profile {name}"
        notes.append(f"Dolby Vision {becomes}: each frame's metadata is carried over and compared.")
        notes.append("The score is that of the base layer; what Dolby Vision makes of it on a screen is not measured.")
    if is_direct(video, request):
        crf = direct_crf(video, request)
        notes.append(
            f"It is encoded in one piece at CRF {crf:g}, without a search: a run that is interrupted begins the encode "
            "again, and only a finished one is kept."
        )
    return tuple(notes)


def missing_metadata(video: Video, frames: int, carried: int | None) -> Objection | None:
    """Why a film is refused not all of whose frames have metadata of their own; None where all have it, or none has.

    Args:
        video: the film's picture.
        frames: how many there are.
        carried: how many have metadata; None where nobody counted.
    """
    if carried is None or carried == (0 if video.dolby_vision is None else frames):
        return None
    return Objection(
        reason=f"Sound Dolby Vision metadata is on {carried} of its {frames} frames: what the others should look like, "
        "it does not say, and players differ.",
        hint=f"`dovi_tool` ({DOVI_TOOL}) can put complete metadata in (`inject-rpu`) or take it all out (`remove`).",
        rule="dolby-vision-incomplete",
    )
