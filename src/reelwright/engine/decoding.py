"""What decodes a film: a device for as long as its pictures are software's, else software, and why."""

import os
from typing import Any, Self

from reelwright.errors import ReelwrightError, ToolError
from reelwright.events import Emitter, EventName
from reelwright.media.model import MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning.plan import EncodePlan
from reelwright.tools.devices import Device
from reelwright.tools.frames import reference_input
from reelwright.tools.hwaccel import decoded_as, device_flags, is_from_device, look_args
from reelwright.tools.process import Runner

SOFTWARE = Device(name=None, why="")
#: A device that gives no frame for so long gives none.
LOOK_SECONDS = 60.0


class OtherPicturesError(ToolError):
    """A device gave other pictures than software."""


class Decoding:
    """Who decodes one film. Shared by its trials: when one gives the device up, all do.

    Args:
        device: what was chosen for the run.
        bit_depth: of the film's samples.
        emit: takes the film's events; None tells nobody.
    """

    def __init__(self, device: Device = SOFTWARE, *, bit_depth: int | None = None, emit: Emitter | None = None) -> None:
        self.device = device.name
        self.notes: list[str] = []
        self._bit_depth = bit_depth
        self._emit = emit
        #: Hash of each chunk's frames as software decodes them.
        self._proven: dict[int, str] = {}
        if device.name is None and device.why:
            self._tell(f"{device.why}: software decodes")

    @classmethod
    def of(cls, info: MediaInfo, device: Device, emit: Emitter) -> Self:
        """Who decodes a film with these facts. Dolby Vision comes to the encoder with software's frames alone."""
        video = info.film.video if info.film else None
        if device.name and video and video.dolby_vision:
            device = Device(name=None, why="Dolby Vision is not left to devices")
        return cls(device, bit_depth=video.bit_depth if video else None, emit=emit)

    def flags(self, device: str | None) -> tuple[str, ...]:
        """FFmpeg's options for a device; none for software."""
        return () if device is None else device_flags(device, self._bit_depth)

    def is_proven(self, chunk: int) -> bool:
        """Whether it is known what software makes of a chunk."""
        return chunk in self._proven

    def prove(self, chunk: int, device: str, *, encoded: str | None, scored: str | None) -> None:
        """Hold the frames that were encoded, and those they were scored against, to what software decodes.

        Args:
            chunk: its number.
            device: what decoded for the encode, and for the score where the chunk was proven before.
            encoded: hash of the frames that were encoded.
            scored: hash of the frames they were scored against.

        Raises:
            OtherPicturesError: they differ, or could not be compared.
        """
        known = self._proven.get(chunk, scored)
        if known is None or {encoded, scored} != {known}:
            raise OtherPicturesError(f"Pictures that {device} decoded of chunk {chunk} are not those of software.")
        self._proven[chunk] = known

    def give_up(self, device: str, error: ReelwrightError) -> None:
        """From now on software decodes; said once."""
        if self.device != device:
            return
        self.device = None
        self._tell(f"{device} is given up ({error.message.rstrip('.')}): software decodes from here on")

    def _tell(self, why: str) -> None:
        self.notes.append(f"Decoding: {why}.")
        if self._emit is not None:
            self._emit(EventName.RESOURCES_CHANGED, "encoding", workers=None, why=why)

    async def look(self, runner: Runner, ffmpeg: str, source: Any, plan: EncodePlan, index: FrameIndex) -> None:
        """Let the device decode the film's first frame, and give it up where it does not."""
        if (device := self.device) is None:
            return
        reference = reference_input(os.fspath(source), index, 0, 0, device=self.flags(device))
        try:
            done = await runner.run(
                look_args(ffmpeg, reference, plan.video_index), what=f"Decoding on {device}",
                timeout_seconds=LOOK_SECONDS,
            )  # fmt: skip
            taken = decoded_as(done.stderr)
            if taken is None or not is_from_device(taken):
                raise ToolError("it does not decode such a film")
        except ReelwrightError as error:
            self.give_up(device, error)
