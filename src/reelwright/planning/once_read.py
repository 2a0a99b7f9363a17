"""What reading the whole film adds to a plan: streams its beginning does not tell of, and what sounds hold."""

from dataclasses import replace

from reelwright.media.model import MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning.fates import Fate, Rule
from reelwright.planning.plan import EncodePlan, Request, make_plan, note
from reelwright.planning.stream_ledger import Subject, entry, with_fates
from reelwright.planning.streams import settled_sounds


def plan_once_read(info: MediaInfo, request: Request, index: FrameIndex) -> EncodePlan:
    """The plan of a film as it is once the film was read; see `make_plan`."""
    return once_read(make_plan(info, request, index), info, index)


def once_read(plan: EncodePlan, info: MediaInfo, index: FrameIndex) -> EncodePlan:
    """A plan with what reading the film adds."""
    return with_sounds(with_late_streams(plan, index), info, index)


def with_late_streams(plan: EncodePlan, index: FrameIndex) -> EncodePlan:
    """The plan with what reading the whole film has found besides: streams its beginning does not tell of."""
    known = {stream.index for stream in plan.streams}
    late = sorted(number for number, size in index.stream_bytes if number not in known and size)
    if not late:
        return plan
    rows = tuple(entry(Subject.STREAM, number, "unknown", fate=Fate.DROP, rule=Rule.APPEARED_LATE) for number in late)
    notes = tuple(f"Stream {row.stream}: {row.reason}; it is not carried over." for row in rows)
    return replace(plan, ledger=(*plan.ledger, *rows), notes=(*plan.notes, *notes))


def with_sounds(plan: EncodePlan, info: MediaInfo, index: FrameIndex) -> EncodePlan:
    """The plan where sounds that turned out to have few bits are copied; its ledger and its notes say so."""
    container = plan.request.container
    streams = settled_sounds(info, plan.streams, index, container)
    others = {now.index: (before, now) for before, now in zip(plan.streams, streams, strict=True) if now != before}
    if not others:
        return plan
    said = {note(before): note(now) for before, now in others.values()}
    return replace(
        plan,
        streams=streams,
        ledger=with_fates(plan.ledger, info, [now for _, now in others.values()], container),
        notes=tuple(said.get(sentence, sentence) for sentence in plan.notes),
    )
