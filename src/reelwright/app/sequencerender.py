"""`sequence render`: every row of a sheet from names to a movie that was checked."""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from reelwright.app.encode import options_for, request_for
from reelwright.app.sequence import READERS, read_sheet
from reelwright.app.sequenceagain import KEPT, Ordered, in_full
from reelwright.app.sequenceplaces import refuse_meetings
from reelwright.app.sequencesteps import background_of, known_steps, steps_by_row
from reelwright.app.wiring import load, services
from reelwright.cli.commands import EncodeJob, RenderOrder
from reelwright.config import Settings
from reelwright.engine.contact import Stills
from reelwright.engine.delivering import Delivered, deliver
from reelwright.engine.delivery_proof import Wanted
from reelwright.engine.jobs import OutcomeRecord
from reelwright.engine.outcome import outcome_of_error, result_data
from reelwright.engine.reels import Target
from reelwright.engine.services import Services
from reelwright.errors import ReelwrightError, SourceError, UsageError
from reelwright.events import Emitter, EventName, EventSink
from reelwright.planning.plan import Request
from reelwright.sequences.channels import Part
from reelwright.sequences.check import Listing, SequenceCheck, check_names
from reelwright.sequences.deliverable import (
    DISPLAY_REFERRED,
    Asked,
    Header,
    Known,
    Palette,
    rendering_of,
)
from reelwright.sequences.delivery import DEFAULT, GROUP, Kind, Profile, find_profile
from reelwright.sequences.finding import find
from reelwright.sequences.light import light_of, refuse_cut_off, refuse_unseen
from reelwright.sequences.overlay import DEFAULT as BURN_INS
from reelwright.sequences.overlay import parse_burn_in
from reelwright.sequences.rendering import Rendering
from reelwright.sequences.repair import Missing
from reelwright.sequences.sheet import Row
from reelwright.sequences.steps import Step
from reelwright.tools.ask import ask
from reelwright.tools.laid_sound import laid_sound
from reelwright.tools.listing import absolute, list_folder
from reelwright.tools.process import Runner
from reelwright.words import printable_path

#: Frames whose headers are tried for what a sequence is made of.
TRIED = 32


async def render_all(order: RenderOrder, sink: EventSink) -> list[OutcomeRecord]:
    """Render every row in turn; one that fails does not stop the rest.

    Raises:
        UsageError: the sheet or a setting is wrong; nothing was listed or written.
        SourceError: the sheet cannot be read.
    """
    settings, order = load(order.flags), in_full(order)
    rows, base = rows_of(order.source)
    rows = with_handles(rows, order.handles)
    asked = asked_of(order, settings)
    steps = steps_by_row(rows, base, flags=order.steps, settings=settings)
    wanted = {row.number: outputs_of(row, order, settings) for row in rows}
    refuse_meetings(wanted, rows, base, order.retrieve)
    if order.watch is not None:
        from reelwright.app.sequencewatch import LastResults, Watch, check_order

        check_order(order, rows)
        held = LastResults(sink)
        try:
            async with services(settings, held, Request()) as ready:
                house = House(order=order, asked=asked, steps=steps, settings=settings, ready=ready)
                return await Watch(house, rows, base).follow()
        finally:
            held.release()
    async with services(settings, sink, Request()) as ready:
        house = House(order=order, asked=asked, steps=steps, settings=settings, ready=ready)
        return [await house.render(row, base) for row in rows]


def rows_of(source: Path) -> tuple[Sequence[Row], Path]:
    """The rows of a sheet, or of the sequences a folder seems to hold; and where relative folders start.

    Raises:
        UsageError: the sheet is wrong, or it is neither a sheet nor a folder.
        SourceError: it cannot be read, or the folder holds no sequence.
    """
    if source.suffix.lower() in READERS and not source.is_dir():
        return read_sheet(source), source.parent
    listing = list_folder(os.fspath(source))
    if listing.failure == "it is no folder":
        raise UsageError(f"{printable_path(source)} is neither a folder nor a sheet, whose name ends in .csv or .toml.")
    if listing.failure is not None:
        raise SourceError(f"{printable_path(source)} cannot be listed: {listing.failure}.")
    rows = [Row(number=k, parent=os.fspath(source), wanted=w) for k, w in enumerate(find(listing.names), 1)]
    if not rows:
        raise SourceError(
            f"There is no sequence in {printable_path(source)}.",
            hint="`reelwright sequence check` shows what is there.",
        )
    return rows, Path()


def with_handles(rows: Sequence[Row], handles: int | None) -> Sequence[Row]:
    """The rows with the handles that are asked for where a row does not say its own.

    Raises:
        UsageError: a row says no cut that they could be beyond of.
    """
    if not handles:
        return rows
    found = [row if row.handles is not None else replace(row, handles=handles) for row in rows]
    for row in found:
        if row.first is None or row.last is None or row.first < (row.handles or 0):
            what = f"{row.wanted.pattern} has no cut with {row.handles} frames ahead of it"
            raise UsageError(f"{what}.", hint="Handles need the columns first and last, from frame 0 on.")
    return found


def asked_of(order: RenderOrder, settings: Settings) -> Asked:
    """What is asked for beside the sheet.

    Raises:
        UsageError: a burn-in or the background cannot be read, or there is no such LUT.
    """
    burn_ins = () if order.no_burn_ins else tuple(map(parse_burn_in, order.burn_ins)) or BURN_INS
    given = {name: value for name, value in order.asked.items() if value is not None}
    given.setdefault("transform", settings.sequences.transform)
    if given.get("alpha") == "over" or order.background:
        given |= {"alpha": "over", "background": background_of(order.background or "0")}
    if "lut" in given and not Path(given["lut"]).is_file():
        raise UsageError(f"--lut: there is no file {printable_path(given['lut'])}.")
    today = dt.datetime.now().astimezone().date().isoformat()
    return Asked(
        missing=Missing(order.missing),
        burn_ins=burn_ins,
        slate=not order.no_slate,
        date=today,
        known_steps=known_steps(settings),
        **given,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """What every row of a run is rendered with."""

    order: RenderOrder
    asked: Asked
    #: Raster steps of each row, by its number.
    steps: Mapping[int, tuple[Step, ...]]
    settings: Settings
    ready: Services
    #: What the quality engine is asked for; None: what the settings say.
    request: Request | None = None
    #: Where work folders live; None: where the settings say.
    work_dir: Path | None = None

    async def render(self, row: Row, base: Path, *, listing: Listing | None = None) -> OutcomeRecord:
        """Render one row; an error of its own is its outcome.

        Args:
            row: what is rendered.
            base: where relative folders start.
            listing: what its folder holds, where that is known.
        """
        named = os.path.join(base, row.parent)  # noqa: PTH118 - keeps odd bytes, and what is absolute
        folder, source = absolute(named), Path(named) / row.wanted.pattern
        order, ready = self.order, self.ready
        try:
            check = check_names(row, listing or list_folder(folder))
            if check.failure is not None:
                raise SourceError(f"The folder {printable_path(folder)} cannot be listed: {check.failure}.")
            asked = replace(self.asked, steps=self.steps[row.number])
            known = await know(check, order, asked, ready.runner)
            if asked.audio is not None:
                await laid_sound(ready.runner, Path(asked.audio))
            wanted = outputs_of(row, order, self.settings)
            rendering = rendering_for(known, asked, order, [w.profile for w in wanted])
        except ReelwrightError as error:
            return await self.failed(source, error)
        threads = self.settings.processing.parallel_jobs or len(os.sched_getaffinity(0))
        target = self.target(rendering.rate, threads)
        ordered = Ordered(
            row=replace(row, parent=folder),
            asked=asked,
            output=os.fspath(wanted[0].path.parent),
            profiles=order.profiles,
            retrieve=order.retrieve,
            thumbnail=order.thumbnail,
            contact_sheet=order.contact_sheet,
            deterministic=order.deterministic,
            request=target.request,
        )
        options = Delivered(
            work_dir=self.work_dir or self.settings.work_dir,
            threads=threads,
            overwrite=order.overwrite,
            dry_run=order.dry_run,
            target=target,
            kept={KEPT: ordered.kept()},
            stills=Stills(thumbnail=order.thumbnail, contact_sheet=order.contact_sheet),
        )
        return await deliver(rendering, source, wanted, options, ready)

    async def failed(self, source: Path, error: ReelwrightError) -> OutcomeRecord:
        """The outcome of a row that cannot be rendered, told and recorded."""
        return await failed(source, error, self.ready, dry_run=self.order.dry_run)

    def target(self, rate: Fraction, threads: int) -> Target:
        """How the quality engine encodes what is asked for at a target."""
        job = EncodeJob(sources=(), output=None, flags={}, deterministic=self.order.deterministic)
        options = options_for(self.settings, job)
        options = replace(options, learns=options.learns and not self.order.deterministic)
        request = self.request or request_for(self.settings, job)
        return Target(request=request, options=options, frames=reel_frames(request.chunk_seconds, rate, threads))


def reel_frames(chunk_seconds: float, rate: Fraction, at_once: int) -> int:
    """Frames of a part that goes through the quality engine: as many chunks as are encoded at once, in whole groups."""
    return GROUP * max(1, -(-round(chunk_seconds * rate * at_once) // GROUP))


def rendering_for(known: Known, asked: Asked, order: RenderOrder, profiles: Sequence[Profile]) -> Rendering:
    """The rendering of a row for its outputs: what is drawn is drawn where it is seen, and light stays light.

    Raises:
        UsageError: what is needed is said nowhere, or an output cannot hold what is asked for.
        SourceError: frames are missing, and nothing may stand in for them.
    """
    refuse_unseen(seen_only(order), profiles)
    light = light_of(known, asked, profiles)
    if light is not None and all(profile.light for profile in profiles):
        asked = replace(asked, slate=False, burn_ins=(), to=light.colors.to)
    rendering = replace(rendering_of(known, asked), light=light)
    refuse_cut_off(rendering.colors, known.palette, profiles)
    return rendering


def seen_only(order: RenderOrder) -> dict[str, bool]:
    """Options that change only what is seen, and whether each was given."""
    given = order.asked.get
    return {
        "--burn-in": bool(order.burn_ins),
        "--title": bool(given("title")),
        "--slate-frames": given("slate_frames") is not None,
        "--size": given("size") is not None,
        "--mask": given("mask") is not None,
        "--display": given("display") is not None,
        "--view": given("view") is not None,
        "--look": bool(given("looks")),
        "--lut": given("lut") is not None,
        "--transform preview": given("transform") == "preview",
        "--audio": given("audio") is not None,
        "--thumbnail": order.thumbnail is not None,
        "--contact-sheet": order.contact_sheet is not None,
    }


async def failed(source: Path, error: ReelwrightError, ready: Services, *, dry_run: bool) -> OutcomeRecord:
    """The outcome of a row that cannot be rendered, told and recorded."""
    emit = Emitter(ready.sink, os.fspath(source), ready.now)
    nothing = OutcomeRecord(
        source_path=os.fspath(source),
        output_path=None,
        job_id=None,
        decision=None,
        outcome="failed",
        exit_code=0,
        reasons=(),
    )
    outcome = replace(outcome_of_error(error, nothing), finished=ready.now())
    emit(EventName.ERROR_OCCURRED, "failed", message=error.message, hint=error.hint, exit_code=error.exit_code)
    if not dry_run:
        await ready.offload(ready.store.record_outcome, outcome)
    emit(EventName.RESULT, outcome.outcome, **result_data(outcome))
    return outcome


async def know(check: SequenceCheck, order: RenderOrder, asked: Asked, runner: Runner) -> Known:
    """Everything a rendering is made of: frames here and elsewhere, a header, what the colour configuration has.

    Raises:
        SourceError: there are no frames, or none can be opened.
        UsageError: the colour configuration cannot be read.
    """
    own = {n: os.path.join(check.folder, name) for n, name in check.names.items()}  # noqa: PTH118 - keeps odd bytes
    elsewhere = [(place, paths_in(check.row, list_folder(absolute(place)))) for place in order.retrieve]
    paths = [*own.values(), *(path for _, found in elsewhere for path in found.values())][:TRIED]
    named = check.row.colorspace or asked.colorspace
    config = None if named == DISPLAY_REFERRED else asked.config
    request = {"paths": paths, "config": config}
    said = (await ask(runner, "frame_header", request, what="Reading a frame's header")).result if paths else {}
    numbers = {path: n for _, found in [("", own), *elsewhere] for n, path in found.items()}
    header = replace(header_of(said), number=numbers.get(said.get("path", "")))
    return Known(check=check, header=header, palette=palette_of(said), own=own, retrieved=elsewhere)


def paths_in(row: Row, listing: Listing) -> dict[int, str]:
    """Frames of a sequence in another place, found by the same rules.

    Raises:
        SourceError: it cannot be listed.
    """
    if listing.failure is not None:
        raise SourceError(f"The folder {printable_path(listing.folder)} cannot be listed: {listing.failure}.")
    names = check_names(row, listing).names
    return {n: os.path.join(listing.folder, name) for n, name in names.items()}  # noqa: PTH118


def header_of(said: Mapping[str, Any]) -> Header:
    """A child's answer as a value."""
    if not said.get("path"):
        return Header(width=0, height=0)
    try:
        rate = Fraction(said["rate"]) if said["rate"] else None
    except (ValueError, ZeroDivisionError):
        rate = None
    aspect = Fraction(said["pixel_aspect"]).limit_denominator(10_000)
    return Header(
        width=said["width"],
        height=said["height"],
        pixel_aspect=aspect if aspect > 0 else Fraction(1),
        parts=tuple(part_of(one) for one in said["parts"]),
        rate=rate if rate is not None and rate > 0 else None,
        timecode=said["timecode"],
        ruled=said["ruled"],
    )


def part_of(said: Mapping[str, Any]) -> Part:
    """A part of a frame's file, as a value."""
    listed = {name: tuple(said[name]) for name in ("channels", "views")}
    return Part(**{**said, **listed})


def palette_of(said: Mapping[str, Any]) -> Palette:
    """What the colour configuration has; nothing where none was asked for."""
    has = said.get("colors") or {}
    return Palette(
        spaces=tuple(has.get("spaces", ())),
        light=tuple(has.get("light", ())),
        aliases=(*has.get("aliases", ()), *has.get("roles", ())),
        looks=tuple(has.get("looks", ())),
        displays=has.get("displays", {}),
        display=has.get("display", ""),
        view=has.get("view", ""),
    )


def outputs_of(row: Row, order: RenderOrder, settings: Settings) -> list[Wanted]:
    """Where each output of a row goes.

    Raises:
        UsageError: there is no such profile.
    """
    names = row.outputs or order.profiles or (DEFAULT,)
    profiles = [find_profile(name) for name in dict.fromkeys(names)]
    folder = Path(os.path.abspath(order.output or settings.placement.output_dir or "."))  # noqa: PTH100 - keeps links
    wanted = []
    for profile in profiles:
        middle = f".{profile.name}" if len(profiles) > 1 or profile.kind is Kind.FRAMES else ""
        suffix = "" if profile.kind is Kind.FRAMES else profile.suffix
        wanted.append(Wanted(profile=profile, path=folder / f"{row.wanted.name}{middle}{suffix}"))
    return wanted
