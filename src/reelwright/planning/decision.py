"""What a film needs, decided from its facts alone. Skips and refusals are values with reasons."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reelwright.errors import ReelwrightError, RefusedError, SourceError
from reelwright.media.model import MediaInfo, Stream, StreamKind, Video
from reelwright.media.timing import FrameIndex
from reelwright.planning.containers import holdings
from reelwright.planning.dolby_vision import Objection, is_direct, missing_metadata, objection, undivided
from reelwright.planning.dynamic_hdr import HINT as HDR10PLUS_HINT
from reelwright.planning.dynamic_hdr import unreadable
from reelwright.planning.fates import Fate
from reelwright.planning.fates import Rule as Ledger
from reelwright.planning.fields import HINT
from reelwright.planning.plan import Request
from reelwright.planning.remuxing import encoding_asked, is_remux, is_there, no_place
from reelwright.planning.sound import sound_hint
from reelwright.planning.streams import fate_of


class Verdict(StrEnum):
    """What is to be done with a source."""

    ENCODE = "encode"
    #: Its streams go into another container as they are.
    REMUX = "remux"
    #: Nothing needs doing.
    SKIP = "skip"
    #: It could be done, but something would be lost.
    REFUSE = "refuse"
    #: It cannot be done: this is no film.
    UNUSABLE = "unusable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A verdict, its reasons in whole sentences, and what the user can do about it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    hint: str = ""
    #: Name of the rule that decided, for programs and explanations.
    rule: str = ""

    def error(self) -> ReelwrightError | None:
        """The error that ends a refused or unusable source; None where there is none."""
        if self.verdict is Verdict.REFUSE:
            return RefusedError(" ".join(self.reasons), hint=self.hint)
        if self.verdict is Verdict.UNUSABLE:
            return SourceError(" ".join(self.reasons), hint=self.hint)
        return None


Rule = Callable[[Video, Request], Decision | None]


def _dolby_vision(video: Video, request: Request) -> Decision | None:
    return _refused(objection(video, request))


def _one_piece(video: Video, request: Request) -> Decision | None:
    return _refused(undivided(request) if is_direct(video, request) else None)


def _refused(found: Objection | None) -> Decision | None:
    if found is None:
        return None
    return Decision(verdict=Verdict.REFUSE, reasons=(found.reason,), hint=found.hint, rule=found.rule)


def incomplete(video: Video, frames: int, carried: int | None) -> Decision | None:
    """What only the analysis tells: Dolby Vision metadata that some frames lack. None where nothing is wrong."""
    return _refused(missing_metadata(video, frames, carried))


def refused_after_reading(info: MediaInfo, request: Request, index: FrameIndex) -> Decision | None:
    """The refusal of a film of which only the analysis could tell; None where nothing is wrong."""
    film = info.film
    if is_remux(request):
        return None
    if (found := fields_inside(index, request)) is not None or film is None or film.video is None:
        return found
    return incomplete(film.video, index.frames, index.metadata_frames)


def _hdr10plus(film: Stream) -> Decision | None:
    if (reason := unreadable(film)) is None:
        return None
    return Decision(verdict=Verdict.REFUSE, reasons=(reason,), hint=HDR10PLUS_HINT, rule="hdr10plus")


def _interlaced(video: Video, request: Request) -> Decision | None:
    if not video.interlaced or request.deinterlace is not None:
        return None
    return Decision(
        verdict=Verdict.REFUSE,
        reasons=("The film is interlaced, and AV1 cannot code fields.",),
        hint=HINT,
        rule="interlaced",
    )


def fields_inside(index: FrameIndex, request: Request) -> Decision | None:
    """The refusal of a film whose first frames did not tell that others are interlaced."""
    if not index.interlaced_frames or request.deinterlace is not None:
        return None
    return Decision(
        verdict=Verdict.REFUSE,
        reasons=(f"{index.interlaced_frames} of its frames are interlaced, and AV1 cannot code fields.",),
        hint=HINT,
        rule="interlaced",
    )


def _sound(info: MediaInfo, film: Stream, request: Request) -> Decision | None:
    holds, opus = holdings(request.container), request.opus if request.audio == "opus" else None
    plans = [(stream, fate_of(stream, film, holds, opus)) for stream in info.of_kind(StreamKind.AUDIO)]
    # A stream that says nothing of itself holds no sound that anybody could hear.
    lost = [s for s, plan in plans if plan.fate is Fate.DROP and plan.rule is not Ledger.NO_PARAMETERS]
    if not lost:
        return None
    could = opus is None and all(fate_of(s, film, holds, request.opus).fate is not Fate.DROP for s in lost)
    names = ", ".join(f"stream {s.index} ({s.codec or 'unknown codec'})" for s in lost)
    return Decision(
        verdict=Verdict.REFUSE,
        reasons=(f"{holds.name} has no place for the film's sound in {names}; it would be lost.",),
        hint=sound_hint(request, helps=could),
        rule="sound-without-place",
    )


#: Refusals, the first that speaks decides.
REFUSALS: tuple[Rule, ...] = (_dolby_vision, _one_piece, _interlaced)


def unusable(info: MediaInfo) -> Decision | None:
    """Why there is no film in the file; None where there is one."""
    film = info.film
    if film is None or film.video is None:
        if info.of_kind(StreamKind.VIDEO):
            reason = "There is no film in it: its only picture is cover art."
        elif info.of_kind(StreamKind.AUDIO):
            reason = "There is no film in it: it holds audio only."
        else:
            reason = "There is no film in it: it has no video stream."
        return Decision(verdict=Verdict.UNUSABLE, reasons=(reason,), rule="no-film")
    if film.video.width <= 0 or film.video.height <= 0 or film.video.pix_fmt is None:
        reason = f"Its video stream ({film.codec or 'unknown codec'}) could not be decoded."
        return Decision(verdict=Verdict.UNUSABLE, reasons=(reason,), hint="Is the file complete?", rule="undecodable")
    return None


def _remux(info: MediaInfo, film: Stream, request: Request) -> Decision:
    """What copying a film's streams into another container comes to."""
    holds = holdings(request.container)
    if (flag := encoding_asked(request)) is not None:
        reason = f"Its streams are to be copied as they are, and {flag} needs an encode."
        hint = f"Leave {flag} or `--strategy remux` out."
        return Decision(verdict=Verdict.REFUSE, reasons=(reason,), hint=hint, rule="remux-copies")
    if is_there(info, request.container):
        return Decision(
            verdict=Verdict.SKIP, reasons=(f"Its container is {holds.name} already.",), rule="there-already"
        )
    if (found := _refused(no_place(film, request.container)) or _sound(info, film, request)) is not None:
        return found
    reason = f"It is in {info.container or 'an unknown container'}, and its streams go into {holds.name} as they are."
    return Decision(verdict=Verdict.REMUX, reasons=(reason,), rule="another-container")


def decide(info: MediaInfo, request: Request = Request()) -> Decision:  # noqa: B008 - frozen
    """Decide what a film needs for what is asked of it. The first rule that has something to say decides."""
    if (found := unusable(info)) is not None:
        return found
    film = info.film
    assert film is not None  # noqa: S101 - `unusable` has just shown it
    assert film.video is not None  # noqa: S101
    if is_remux(request):
        return _remux(info, film, request)
    again = request.strategy != "auto" and film.video.dolby_vision is not None
    if film.codec == "av1" and not again:
        return Decision(verdict=Verdict.SKIP, reasons=("Its video is AV1 already.",), rule="av1-already")
    refusals = (_sound(info, film, request), *(r(film.video, request) for r in REFUSALS), _hdr10plus(film))
    if (found := next(filter(None, refusals), None)) is not None:
        return found
    if film.codec == "av1":
        reason = "Its video is AV1 already, with Dolby Vision; it is encoded again because a strategy was asked for."
        return Decision(verdict=Verdict.ENCODE, reasons=(reason,), rule="av1-again")
    return Decision(
        verdict=Verdict.ENCODE,
        reasons=(f"Its video is {film.codec}, {film.video.width}x{film.video.height}, and not AV1 yet.",),
        rule="not-av1-yet",
    )
