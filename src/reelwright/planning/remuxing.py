"""Another container around the same streams: what is planned of it, what speaks against it, and what it leaves out.

Everything is copied by the rules of the stream ledger, the film's own packets included. Nothing is encoded, so nothing
of a request that says how to encode has a meaning here.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from reelwright.media.model import MediaInfo, Stream, Video
from reelwright.planning.containers import Container, holdings
from reelwright.planning.dolby_vision import Objection

if TYPE_CHECKING:
    from reelwright.planning.plan import EncodePlan, Request, Scoring

#: The strategy's name.
REMUX = "remux"
#: FFmpeg's first name for the readers of the containers that are written.
READERS = {Container.MATROSKA: "matroska", Container.MP4: "mov"}
#: The brand of QuickTime's files, which the reader of MP4 reads as well.
QUICKTIME = "qt"
#: What an excerpt, zones and so on are asked for with.
ASKED: tuple[tuple[str, Callable[["Request"], object]], ...] = (
    ("--start", lambda request: request.start),
    ("--duration", lambda request: request.duration),
    ("--zone", lambda request: request.zones),
    ("--scenes", lambda request: request.cuts),
    ("--scale", lambda request: request.scale),
    ("--crf", lambda request: request.crf),
)


def is_remux(request: "Request") -> bool:
    """Whether streams are copied into another container, and nothing is encoded."""
    return request.strategy == REMUX


def encoding_asked(request: "Request") -> str | None:
    """The first flag that asks for something only an encode can do; None: there is none."""
    return next((flag for flag, asked in ASKED if asked(request) is not None and asked(request) != ()), None)


def bare(request: "Request") -> "Request":
    """The request with nothing in it but what a copy follows: the same work, however encodes are set up."""
    return type(request)(strategy=REMUX, container=request.container)


def is_there(info: MediaInfo, container: Container) -> bool:
    """Whether a file is in a container already. WebM is Matroska; QuickTime is not MP4."""
    if (info.container or "").split(",")[0] != READERS[container]:
        return False
    brands = [value.strip().lower() for key, value in info.tags if key.lower() == "major_brand"]
    return QUICKTIME not in brands


def no_place(film: Stream, container: Container) -> Objection | None:
    """Why the film's own stream cannot go into a container; None where it can."""
    holds = holdings(container)
    if holds.picture(film.codec):
        return None
    could = [holdings(other).name for other in Container if holdings(other).picture(film.codec)]
    helps = f"{could[0]} has one for it; or" if could else "To"
    return Objection(
        reason=f"{holds.name} has no place for video in {film.codec or 'an unknown codec'}.",
        hint=f"{helps} encode the film: leave `--strategy remux` out.",
        rule="video-without-place",
    )


def as_it_is(plan: "EncodePlan", video: Video, scoring: "Scoring") -> "EncodePlan":
    """The plan where nothing is encoded: no encoder, no filters, and the picture's own size."""
    return replace(
        plan, width=video.width, height=video.height, sample_aspect=video.sample_aspect, ahead=(), filters=(),
        reference=(), crop=None, encoder="copy", pix_fmt=video.pix_fmt or "", parameters=(), dolby_vision=False,
        converter="", scoring=scoring,
    )  # fmt: skip
