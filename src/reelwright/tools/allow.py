"""What an input may be: the containers and protocols that are opened, and nothing that leads elsewhere.

A text file named film.mkv may be a playlist that makes FFmpeg open other files, so each input is opened with
both lists, by a `file:` path.
"""

import os

#: Demuxers of single-file films. Playlists (hls, dash, concat), image patterns and devices are not among them.
FORMATS = (
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpegts,mpeg,mpegvideo,m4v,avi,asf,flv,ogg,"
    "h264,hevc,obu,av1,ivf,mxf,nut,dv,rm,wtv"
)
PROTOCOLS = "file"

INPUT_OPTIONS = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS}


def input_flags() -> tuple[str, ...]:
    """The lists as FFmpeg flags, to stand before an `-i`."""
    return ("-protocol_whitelist", PROTOCOLS, "-format_whitelist", FORMATS)


def file_url(path: str | os.PathLike[str]) -> str:
    """A path FFmpeg takes literally: `a:b.mkv`, `-x.mkv` and `%d.mkv` are read as protocols, flags or patterns."""
    return "file:" + os.path.abspath(path)  # noqa: PTH100 - keeps symbolic links and odd bytes as they are
