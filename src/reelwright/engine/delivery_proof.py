"""What a delivery is checked for, and what is said of it: the checks of each output, the manifest, the notes."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from reelwright.engine.placement import beside, hidden_beside
from reelwright.engine.rendering import count_frames
from reelwright.engine.services import Services
from reelwright.errors import SourceError, ToolError
from reelwright.media.boxes import boxes, color_box
from reelwright.media.elements import matroska_colors
from reelwright.sequences.delivery import Kind, Profile
from reelwright.sequences.light import light_notes
from reelwright.sequences.ranges import listed
from reelwright.sequences.rendering import Rendering
from reelwright.sequences.repair import holes
from reelwright.tools.delivery import Output
from reelwright.tools.laid_sound import laid_sound, read_timecode
from reelwright.tools.stream_tags import stream_tags
from reelwright.words import printable_path

#: H.273's numbers of the transfers that movies are tagged with.
TRANSFERS = {"bt709": 1, "iec61966-2-1": 13}
#: Encoders whose bitstream holds colour tags; DNxHR's has none.
AV1 = "libsvtav1"
TAGGED = {"libx264", "libx265", "prores_ks", AV1}
#: A movie's sound may be so much longer or shorter, in seconds: less than a packet of AAC at 44.1 kHz.
SOUND_OFF = Fraction(1, 40)
#: Bytes of a Matroska file in which its tracks are sought.
MOST_HEAD = 1 << 20
MANIFEST = ".manifest.json"
#: Shares of pixels below this are no reason for a word.
SPECKS = 0.001
DRAWN = {"black": "black", "checker": "a checker", "placeholder": "a placeholder"}
SLATE = "it comes before the first frame"
#: A movie box larger than this is none.
MOST_MOOV = 64 << 20
#: Decisions that are repairs, and what is said of them.
REPAIRED = {
    "held": "Held from a neighbour: frames {}.",
    "retrieved": "Retrieved from another place: frames {}.",
    "black": "Black in place of frames {}.",
    "checker": "A checker in place of frames {}.",
    "placeholder": "A placeholder in place of frames {}.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One output that is asked for."""

    profile: Profile
    #: A file; of frames, the folder they go into.
    path: Path


async def checked(w: Wanted, out: Output, rendering: Rendering, services: Services) -> list[dict[str, Any]]:
    """The checks of one output: every frame is there and can be decoded, and its colours are tagged."""
    name = w.path.name
    if w.profile.kind is Kind.FRAMES:
        written = await asyncio.to_thread(count_files, hidden_folder(out))
        proved = ", each read back" if w.profile.light else ""
        return [check(f"{name}: frames", written == out.frames, f"{written} of {out.frames} pictures{proved}")]
    try:
        count = await count_frames(services.runner, services.tools.ffmpeg, out.path)
        trouble = ""
    except ToolError as error:
        count, trouble = 0, error.message
    found = [check(f"{name}: frames", count == out.frames, trouble or f"{count} of {out.frames} decoded")]
    want = (1, TRANSFERS[rendering.transfer], 1)
    got = await asyncio.to_thread(container_tags, out.path)
    said = "no colours" if got is None else "-".join(map(str, got))
    found.append(check(f"{name}: colour tags", got == want, f"{said} in the container's bytes"))
    if (encoder := encoder_of(w.profile)) in TAGGED:
        tags = await stream_tags(services.runner, services.tools.ffmpeg, out.path, encoder=encoder)
        said = "no tags" if tags is None else "-".join(map(str, tags))
        found.append(check(f"{name}: colour tags of the stream", tags == want, f"{said} in the bitstream"))
    return [*found, *await checked_beside(name, out, rendering, services)]


async def checked_beside(name: str, out: Output, rendering: Rendering, services: Services) -> list[dict[str, Any]]:
    """The checks of what goes with a movie's pictures: its timecode, and the whole length of its sound, decoded."""
    timecode = await read_timecode(services.runner, out.path)
    found = [check(f"{name}: timecode", timecode == out.timecode, f"{timecode or 'none'} is read back")]
    if rendering.audio is not None:
        want = rendering.frames / rendering.rate
        try:
            heard = await laid_sound(services.runner, out.path, whole=True)
        except (SourceError, ToolError) as error:
            return [*found, check(f"{name}: sound", False, error.message)]
        said = f"{heard.codec}, {float(heard.seconds):.3f} s decoded under {float(want):.3f} s of pictures"
        found.append(check(f"{name}: sound", abs(heard.seconds - want) <= SOUND_OFF, said))
    return found


def container_tags(path: Path) -> tuple[int, int, int] | None:
    """Primaries, transfer and matrix as a movie's container has them, out of its bytes; None: it has none."""
    if path.suffix == ".mkv":
        with path.open("rb") as file:
            return matroska_colors(file.read(MOST_HEAD))
    box = color_box(movie_box(path))
    return None if box is None else (box.primaries, box.transfer, box.matrix)


def encoder_of(profile: Profile) -> str:
    """What encodes a profile, by FFmpeg's name."""
    return AV1 if profile.kind is Kind.TARGET else profile.flags[profile.flags.index("-c:v") + 1]


def manifest_of(
    rendering: Rendering,
    places: Sequence[Mapping[str, Any]],
    checks: Sequence[Mapping[str, Any]],
    outputs: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The proof: for each frame of the movie which file it is, its hash, and why."""
    slate = [{"frame": k, "decision": "slate", "reason": SLATE} for k in range(rendering.slate_frames)]
    return {
        "sequence": rendering.name,
        "frames": rendering.frames,
        "rate": str(rendering.rate),
        "slate_length": rendering.slate_frames,
        "handles": rendering.handles,
        "cut": [rendering.first + rendering.handles, rendering.last - rendering.handles],
        "first_timecode": rendering.first_timecode,
        "colors": None if rendering.colors is None else asdict(rendering.colors),
        "light": None if rendering.light is None else asdict(rendering.light),
        "transform": rendering.transform,
        "channels": list(rendering.channels),
        "steps": [{"name": step.name, **dict(step.values)} for step in rendering.steps],
        "outputs": list(outputs),
        "checks": list(checks),
        "pictures": [
            *slate,
            *(
                {**said, "frame": k, "reason": reason(said)}
                for k, said in enumerate(places, start=rendering.slate_frames)
            ),
        ],
    }


def reason(said: Mapping[str, Any]) -> str:
    """Why a picture of the movie is what it is, as a sentence's part."""
    troubles, file = said["troubles"], said["from"]
    why = "there is no file of it"
    if troubles:
        why = f"{printable_path(os.path.basename(troubles[0]['path']))} {troubles[0]['why']}"  # noqa: PTH119
    if said["decision"] == "source":
        return "its own file"
    if said["decision"] == "retrieved":
        return f"{why}; the same frame of {file['place']} stands for it"
    if said["decision"] == "held":
        return f"{why}; frame {file['number']} stands for it"
    return f"{why}; {DRAWN[said['decision']]} was drawn"


def notes_of(rendering: Rendering, said: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What people should know: every repair, by kind."""
    if not said:
        missing = holes(rendering.places)
        return (f"{len(missing)} of {len(rendering.places)} frames are missing.",) if missing else ()
    found = []
    for decision, sentence in REPAIRED.items():
        numbers = [f["number"] for f in said if f["decision"] == decision]
        if numbers:
            found.append(sentence.format(listed(numbers)))
    broken = [f["number"] for f in said if f["troubles"]]
    if broken:
        found.append(f"Files that could not be used: frames {listed(broken)}; the manifest says why.")
    return (*found, *cut_off_notes(said), *light_notes(said))


def cut_off_notes(said: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What no code could hold, where it is more than specks: by shares of the pixels looked at, over all frames."""
    found = [one["cut_off"] for one in said if one.get("cut_off")]
    share = sum(one["above"] + one["below"] for one in found) / max(1, len(said))
    if share < SPECKS:
        return ()
    extremes = f"{min(one['smallest'] for one in found):g} to {max(one['largest'] for one in found):g}"
    what = f"Values beyond 0 to 1 were cut off: {share:.1%} of the pixels, from {extremes}, in {len(found)} frames"
    return (f"{what}. Another view or a LUT brings them within; exr-linear keeps them.",)


def preview_notes(error: Mapping[str, Any] | None) -> tuple[str, ...]:
    """How far the colours of a preview were off on the sequence's own frames."""
    if error is None:
        return ()
    most, nearly = (f"{error[name]:.1f}" for name in ("max", "p999"))
    said = f"Colours are a preview: off by {most} codes of 1023 at the most, by {nearly} or less in 99.9 %"
    return (f"{said} of {error['pixels']} pixels of these frames. Use --transform exact for delivery.",)


def hidden_folder(out: Output) -> Path:
    """Where frames are written first; their path is a pattern, in which a percent sign is doubled."""
    return Path(os.fspath(out.path.parent).replace("%%", "%"))


def count_files(folder: Path) -> int:
    """How many files a folder has."""
    return len(list(folder.iterdir()))


def check(name: str, passed: bool, detail: str) -> dict[str, Any]:  # noqa: FBT001
    """One check, as a plain value."""
    return {"name": name, "passed": passed, "detail": detail}


def movie_box(path: Path) -> bytes:
    """The content of a movie's `moov` box; empty where there is none."""
    with path.open("rb") as file:
        end = path.stat().st_size
        at = 0
        while at + 8 <= end:
            file.seek(at)
            head = file.read(16)
            size = int.from_bytes(head[:4], "big")
            size = int.from_bytes(head[8:16], "big") if size == 1 else size or end - at
            if size < 8:  # noqa: PLR2004 - a box's own head
                break
            if head[4:8] == b"moov" and size <= MOST_MOOV:
                file.seek(at)
                return next((content for _, content in boxes(file.read(size))), b"")
            at += size
    return b""


def size_of(path: Path) -> int:
    """Bytes of a file, or of the files of a folder."""
    return sum(p.stat().st_size for p in path.iterdir()) if path.is_dir() else path.stat().st_size


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest beside an output, in one step."""
    target = beside(path, MANIFEST)
    draft = hidden_beside(path, "manifest.tmp")
    draft.write_text(json.dumps(manifest, indent=1, default=str), encoding="ascii")
    os.replace(draft, target)  # noqa: PTH105
