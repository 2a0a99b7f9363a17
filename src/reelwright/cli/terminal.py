"""Progress for people: a live view on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from reelwright.cli.batch import Row, failures, left_out, plain_lines, rich_table, row_of
from reelwright.cli.ledgertext import ledger_lines
from reelwright.cli.text import complaint, duration, printable_path, share, size
from reelwright.events import Event, EventName

#: How many landed trials stay in view.
RECENT = 6
#: Plain output gets a line of progress this often.
PLAIN_SECONDS = 10.0
#: A range of means that is narrower is not worth saying.
CERTAIN = 0.1
WORDS = {
    "copy": "copying the pictures",
    "assemble": "joining the chunks",
    "validate": "checking every frame of the output",
    "place": "placing",
    "watch": "waiting for frames",
}
#: Phases of which it is known how far they are.
COUNTED = frozenset({"copy", "validate", "watch"})


class Terminal:
    """Draws events. Everything goes to standard error but the summary, which is the command's output."""

    def __init__(self, out: Console | None = None, live_to: Console | None = None) -> None:
        self._out = out or Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._err = live_to or Console(file=sys.stderr, highlight=False)
        self._live: Live | None = None
        self._recent: list[Text] = []
        self._facts: dict[str, Any] = {}
        self._plain_told = 0.0
        self._rows: list[Row] = []
        #: Which film of how many is under way.
        self._place = (1, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._show_batch()

    def _start(self) -> None:
        if self._live is None and self._err.is_terminal:
            self._live = Live(console=self._err, refresh_per_second=8, transient=True, get_renderable=self._draw)
            self._live.start()

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def emit(self, event: Event) -> None:
        """Take one event."""
        handler = {
            EventName.FILE_DISCOVERED: self._discovered,
            EventName.ANALYSIS_COMPLETE: self._analysed,
            EventName.ENCODING_STARTED: self._started,
            EventName.RESOURCES_CHANGED: self._resources,
            EventName.TRIAL_COMPLETE: self._trial,
            EventName.SOUND_COMPLETE: self._sound,
            EventName.PROGRESS: self._progress,
            EventName.RESULT: self._result,
        }.get(event.event)
        if handler is not None:
            handler(event)

    def _line(self, text: str | Text) -> None:
        # As Text, because brackets in a plain string would be taken for markup.
        self._err.print(Text(text) if isinstance(text, str) else text, soft_wrap=self._live is None)

    def _discovered(self, event: Event) -> None:
        self._recent, self._facts = [], {}
        self._place = place_of(event)
        self._line(Text(f"{which(self._place)}{printable_path(event.file)}  {size(event.data['bytes'])}", style="bold"))
        self._start()

    def _analysed(self, event: Event) -> None:
        data = event.data
        if "plan" in data:
            self._show_plan(data)
            return
        how = "known from before" if data["reused"] else "read in full"
        self._line(f"{data['frames']} frames, {duration(data['seconds'])}, {how}")

    def _show_plan(self, data: dict[str, Any]) -> None:
        import json  # noqa: PLC0415

        known = {"source_id": data["source_id"] or "not known before the film is read", "job_id": data["job_id"]}
        plan = {key: value for key, value in data["plan"].items() if key != "ledger"}
        self._out.print_json(json.dumps({**plan, **known}), highlight=False)
        # Beside the JSON, not in it: these lines are for people, `--json` has the rows.
        for line in ("streams, by the ledger:", *ledger_lines(data["plan"].get("ledger", ()))):
            self._line(line)

    def _started(self, event: Event) -> None:
        data = event.data
        said = f"{data['chunks']} chunks; {data['why']}" if "chunks" in data else f"{data['frames']} frames to render"
        if data.get("chunks") == 0:
            said = "every stream is copied, nothing is encoded"
        self._line(said)

    def _resources(self, event: Event) -> None:
        self._line(Text(printable_path(event.data["why"]), style="yellow"))

    def _trial(self, event: Event) -> None:
        data = event.data
        style = "green" if str(data["next"]).startswith("accepted") else "dim" if data["reused"] else ""
        again = " (made before)" if data["reused"] else f" {size(data['bytes'])} in {data['seconds']:.1f}s"
        then = f"a sample; {data['next']}" if data.get("kind") == "sample" else data["next"]
        text = f"chunk {data['chunk']:>4}  CRF {data['crf']:>5.2f}  VMAF {data['score']:6.2f} {again}  {then}"
        self._recent = [*self._recent, Text(text, style=style, overflow="ellipsis", no_wrap=True)][-RECENT:]
        if self._live is None and not data["reused"]:
            self._line(text)

    def _sound(self, event: Event) -> None:
        data = event.data
        again = "made before" if data["reused"] else f"{size(data['bytes'])} in {data['seconds']:.1f}s"
        text = f"sound {data['stream']:>4}  Opus {data['layout']}, {data['kbps']} kb/s  {again}"
        self._recent = [*self._recent, Text(text, style="green", overflow="ellipsis", no_wrap=True)][-RECENT:]
        if self._live is None and not data["reused"]:
            self._line(text)

    def _progress(self, event: Event) -> None:
        self._facts = event.data
        if self._live is None and time.monotonic() - self._plain_told > PLAIN_SECONDS:
            self._plain_told = time.monotonic()
            self._line(f"{which(self._place)}{headline(event.data)}")

    def _draw(self) -> Group:
        if not self._facts:
            return Group()
        done, total = done_of(self._facts)
        parts: list[Any] = [*self._recent]
        parts += [sound_line(sound) for sound in self._facts.get("sounds", ())]
        parts += [lane_line(lane) for lane in self._facts.get("lanes", ())]
        parts += [ProgressBar(total=total or 1, completed=done, width=60, pulse=not total)]
        parts += [Text(f"{which(self._place)}{headline(self._facts)}")]
        return Group(*parts)

    def _result(self, event: Event) -> None:
        self._facts = {}
        # The live view goes first: what is printed beside it on the same screen would run into it.
        self._stop()
        self._place = place_of(event)
        self._rows.append(row_of(event))
        if sentence := complaint(event):
            # It is an error: it goes to standard error, one line, wherever output is sent.
            print(sentence, file=sys.stderr)
            return
        self._out.print(summary(event))

    def _show_batch(self) -> None:
        """The table of all films, where there were several."""
        rows, films = self._rows, self._place[1]
        if films == 1 or not rows:
            return
        self._out.print()
        if not self._out.is_terminal:
            self._out.print(Text("\n".join(plain_lines(rows, films))))
            return
        # Not soft-wrapped: the table itself folds long names to the terminal's width.
        self._out.print(rich_table(rows), soft_wrap=False)
        for line in (*failures(rows), *left_out(rows, films)):
            self._out.print(Text(line, style="red"))


def place_of(event: Event) -> tuple[int, int]:
    """Which film of how many an event is about; one of one where it does not say."""
    return event.data.get("number", 1), event.data.get("of", 1)


def which(place: tuple[int, int]) -> str:
    """The film's place in the batch; nothing for a film alone."""
    return f"film {place[0]} of {place[1]}  " if place[1] > 1 else ""


def done_of(facts: dict[str, Any]) -> tuple[float, float]:
    """How much is done, of how much."""
    if facts["phase"] == "analyse":
        return facts.get("seconds") or 0.0, facts.get("total_seconds") or 0.0
    return facts["done"], facts["total"]


def headline(facts: dict[str, Any]) -> str:
    """The whole job in one line."""
    done, total = done_of(facts)
    percent = f"{100 * done / total:3.0f} %" if total else f"{facts.get('frame', 0)} frames"
    if facts["phase"] == "analyse":
        return f"reading the film  {percent}"
    if facts["phase"] in WORDS:
        return f"{WORDS[facts['phase']]}  {percent}" if facts["phase"] in COUNTED else WORDS[facts["phase"]]
    eta = f"  about {duration(facts['eta_seconds'])} left" if facts.get("eta_seconds") is not None else ""
    mean = f"  VMAF {facts['mean']:.2f} so far" if facts.get("mean") else ""
    return f"{percent}{eta}{mean}{projection(facts)}"


def projection(facts: dict[str, Any]) -> str:
    """What the film is expected to come to, with the range it will very likely lie in."""
    likely, span = facts.get("projected_bytes"), facts.get("projected_bytes_range")
    if not likely:
        return ""
    wide = f" ({size(span[0])} to {size(span[1])})" if span and size(span[0]) != size(span[1]) else ""
    means, of = facts.get("projected_mean_range"), facts["source_bytes"]
    vmaf = f"  VMAF {means[0]:.1f} to {means[1]:.1f} and" if means and means[1] - means[0] > CERTAIN else " "
    return f"{vmaf} {size(likely)}{wide} of {size(of)} expected"


def lane_line(lane: dict[str, Any]) -> Text:
    """One trial under way."""
    doing = "encoding" if lane["doing"] == "encode" else "scoring "
    done = 100 * lane["done"] / lane["frames"] if lane["frames"] else 0
    return Text(f"chunk {lane['chunk']:>4}  CRF {lane['crf']:>5.2f}  {doing} {done:3.0f} %", style="cyan")


def sound_line(sound: dict[str, Any]) -> Text:
    """One sound under way."""
    done = 100 * sound["done"] / sound["seconds"] if sound["seconds"] else 0
    return Text(f"sound {sound['stream']:>4}  to Opus  encoding {done:3.0f} %", style="cyan")


def frames_scored(vmaf: Mapping[str, Any]) -> str:
    """Which of the film's frames its score is of."""
    step = vmaf.get("n_subsample", 1)
    return "every frame" if step == 1 else f"{vmaf['frames']} frames, of some chunks one in {step}"


def summary(event: Event) -> Text:
    """What a source has come to, in a few lines."""
    data = event.data
    if data["outcome"] in {"skipped", "planned"}:
        return Text(f"{data['outcome']}: {printable_path(' '.join(data['reasons']))}")
    rows = [(data["outcome"].replace("_", " "), printable_path(data["output"] or ""))]
    rows.append(
        ("size", f"{size(data['bytes_after'])}, {share(data['bytes_after'], data['bytes_before'])} of the source")
    )
    if vmaf := data["vmaf"]:
        scaled = f", scaled to {vmaf['scaled_to']}" if vmaf["scaled_to"] else ""
        rows.append(
            ("VMAF", f"{vmaf['mean']:.2f} mean, {vmaf['p5']:.2f} 5th percentile, {vmaf['min']:.2f} lowest frame")
        )
        rows.append(("", f"{vmaf['model']}, {frames_scored(vmaf)}{scaled}"))
    passed = sum(bool(check["passed"]) for check in data["checks"])
    rows.append(("checks", f"{passed} of {len(data['checks'])} passed"))
    trials = f"{data['trials']} trials in " if data["trials"] or data["vmaf"] else ""
    rows.append(("work", f"{trials}{duration(data['seconds'])}"))
    rows += [("note", printable_path(reason)) for reason in data["reasons"]]
    # No table: it would cut a long name to the width of the terminal, or to 80 columns in a pipe.
    width = max(len(name) for name, _ in rows)
    lines = [Text.assemble((f"{name:<{width}}", "bold"), "  ", value) for name, value in rows]
    return Text("\n").join(lines)
