"""What a film needs, from its facts alone."""

import pytest

from examples import cover, film, info, sound, stream, video
from reelwright.errors import RefusedError, SourceError
from reelwright.media.model import DolbyVision, MediaInfo, StreamKind
from reelwright.planning.decision import Verdict, decide

P5 = DolbyVision(profile=5, compatibility=0, record=True)
SUBTITLE = stream(0, StreamKind.SUBTITLE, "subrip")


def coded(codec: str, **changes: object) -> MediaInfo:
    return info(stream(0, StreamKind.VIDEO, codec, video=video(**changes)))


@pytest.mark.parametrize(
    ("source", "verdict", "says"),
    [
        (info(film()), Verdict.ENCODE, "h264, 1280x720"),
        (coded("mjpeg", still=True), Verdict.ENCODE, "mjpeg"),  # motion JPEG is a film, not a picture
        (coded("av1"), Verdict.SKIP, "AV1 already"),
        (coded("av1", interlaced=True), Verdict.SKIP, "AV1 already"),  # nothing is done, so nothing is lost
        (coded("h264", interlaced=True), Verdict.REFUSE, "interlaced"),
        (coded("h264", interlaced=None), Verdict.ENCODE, "h264"),  # not known is no refusal; the analysis sees
        (coded("hevc", dolby_vision=DolbyVision(profile=8, compatibility=1)), Verdict.ENCODE, "hevc"),
        (coded("vp9", hdr10plus=True), Verdict.REFUSE, "HDR10+ metadata in vp9"),
        (coded("hevc", hdr10plus=True), Verdict.ENCODE, "hevc"),
        (coded("hevc", dolby_vision=P5, hdr10plus=True, interlaced=True), Verdict.REFUSE, "profile 5"),  # the first
        (info(film(), sound(1, codec="pcm_bluray")), Verdict.ENCODE, "h264"),  # it becomes plain PCM
        (
            info(film(), sound(1, codec=None), sound(2, codec=None)),
            Verdict.REFUSE,
            "stream 1 (unknown codec), stream 2",
        ),
        (info(film(), sound(1, audio=None)), Verdict.ENCODE, "h264"),  # there is nothing to hear in it
        (info(film(), sound(1, codec=None)), Verdict.REFUSE, "unknown codec"),
        (info(film(), sound(1, codec="truehd")), Verdict.ENCODE, "h264"),
        (info(sound(0)), Verdict.UNUSABLE, "audio only"),
        (info(sound(0), cover(1)), Verdict.UNUSABLE, "cover art"),
        (info(SUBTITLE), Verdict.UNUSABLE, "no video stream"),
        (coded("h264", width=0), Verdict.UNUSABLE, "could not be decoded"),
        (coded("h264", height=0), Verdict.UNUSABLE, "could not be decoded"),
        (coded("h264", pix_fmt=None), Verdict.UNUSABLE, "could not be decoded"),
        (coded("av1", pix_fmt=None), Verdict.UNUSABLE, "could not be decoded"),  # AV1 that nothing decodes is no skip
    ],
)
def test_the_first_rule_that_speaks_decides_and_says_why(source: MediaInfo, verdict: Verdict, says: str) -> None:
    found = decide(source)
    assert found.verdict is verdict
    assert says in " ".join(found.reasons)


def test_a_refusal_is_an_error_with_exit_code_3_and_an_unusable_source_one_with_4() -> None:
    refused, unusable = decide(coded("h264", interlaced=True)).error(), decide(info(sound(0))).error()
    assert isinstance(refused, RefusedError)
    assert isinstance(unusable, SourceError)
    assert (refused.exit_code, unusable.exit_code) == (3, 4)
    assert refused.hint
    assert decide(info(film())).error() is None
    assert decide(coded("av1")).error() is None


def test_the_film_is_the_moving_picture_marked_default_else_the_first() -> None:
    first = stream(1, StreamKind.VIDEO, "h264", video=video())
    second = stream(2, StreamKind.VIDEO, "hevc", video=video(), dispositions=("default",))
    assert info(cover(0), first, second).film == second
    assert info(cover(0), first).film == first
    assert info(cover(0)).film is None
