from reelwright.tools.stream_tags import prores_tags, traced_tags

TRACED = """[trace_headers @ 0x1] 93          colour_primaries                                     00000001 = 1
[trace_headers @ 0x1] 101         transfer_characteristics                             00001101 = 13
[trace_headers @ 0x1] 109         matrix_coefficients                                  00000001 = 1
"""


def test_tags_are_taken_from_what_ffmpeg_read_in_the_bitstream() -> None:
    assert traced_tags(TRACED) == (1, 13, 1)
    assert traced_tags(TRACED.replace("coefficients", "coeffs")) == (1, 13, 1)  # as H.265 calls it


def test_a_tag_that_is_missing_is_none_and_no_guess() -> None:
    assert traced_tags(TRACED.splitlines()[0]) is None
    assert traced_tags("") is None


def test_a_prores_frame_says_them_in_its_header() -> None:
    head = b"icpf" + bytes.fromhex("0094 0001 61706c30 0180 0100 c000 010d01")
    assert prores_tags(b"\0\0\0\x08wide" + head) == (1, 13, 1)
    assert prores_tags(head[:-1]) is None
    assert prores_tags(b"mdat") is None
