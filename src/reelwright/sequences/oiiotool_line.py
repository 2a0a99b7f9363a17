"""Command lines for `oiiotool`, as people have them: which commands are taken, and what their arguments may be.

Only what changes pixels is taken: nothing that reads or writes a file, runs a script, or takes an expression.
"""

import re
import shlex
from collections.abc import Mapping

from reelwright.sequences.steps import LONGEST_SIDE, Size

_FLOATS = r"[-+0-9.eE]+(,[-+0-9.eE]+){0,3}"
_FLOAT = r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?"
_KERNEL = r"[0-9]{1,3}(\.[0-9]+)?x[0-9]{1,3}(\.[0-9]+)?"
_WHOLE_SIZE = r"[0-9]{1,5}x[0-9]{1,5}"
_WINDOW = r"[0-9]{1,5}x[0-9]{1,5}\+[0-9]{1,5}\+[0-9]{1,5}"
_WORD = r"[A-Za-z][A-Za-z0-9_]*"
_SPACE = r"[A-Za-z0-9][A-Za-z0-9 ._()-]*"
#: Every command that is taken, and a pattern for each of its arguments.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("addc", "subc", "mulc", "divc", "powc", "absdiffc"), (_FLOATS,)),
    **dict.fromkeys(("abs", "invert", "flip", "flop", "rotate90", "rotate180", "rotate270"), ()),
    **dict.fromkeys(("clamp", "contrast", "unsharp", "rangecompress", "rangeexpand", "laplacian"), ()),
    **dict.fromkeys(("premult", "unpremult", "noise"), ()),
    "saturate": (_FLOAT,),
    "maxc": (_FLOATS,),
    "minc": (_FLOATS,),
    "blur": (_KERNEL,),
    "median": (_KERNEL,),
    "dilate": (_KERNEL,),
    "erode": (_KERNEL,),
    "resize": (_WHOLE_SIZE,),
    "resample": (_WHOLE_SIZE,),
    "fit": (_WHOLE_SIZE,),
    "crop": (_WINDOW,),
    "cshift": (r"[-+][0-9]{1,5}[-+][0-9]{1,5}",),
    "fixnan": (r"none|black|box3",),
    "ch": (r"[RGBA](,[RGBA]){2,3}",),
    "ccmatrix": (r"[-+0-9.eE]+(,[-+0-9.eE]+){8,15}",),
    "colormap": (_WORD,),
    "colorconvert": (_SPACE, _SPACE),
    "ociolook": (_SPACE,),
}
#: `--command:key=value:key=value`; never a font, and no brace, in which oiiotool reads an expression.
_MODIFIERS = re.compile(r"(:(?!font)[a-z_]+=[-+A-Za-z0-9_.,%]*)*")
LONGEST = 2000


def parse_line(text: str) -> tuple[str, ...]:
    """The arguments of a command line that is taken.

    Raises:
        ValueError: with what is wrong, as the end of a sentence.
    """
    if len(text) > LONGEST:
        raise ValueError(f"its command line is longer than {LONGEST} letters")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"its command line cannot be read ({error})") from error
    if words and words[0] == "oiiotool":
        words = words[1:]
    if not words:
        raise ValueError("expected oiiotool commands such as --saturate 1.2")
    found: list[str] = []
    at = 0
    while at < len(words):
        command = _command(words[at])
        patterns = COMMANDS[command]
        arguments = words[at + 1 : at + 1 + len(patterns)]
        for k, pattern in enumerate(patterns):
            if k >= len(arguments) or not re.fullmatch(pattern, arguments[k]):
                got = repr(arguments[k]) if k < len(arguments) else "nothing"
                raise ValueError(f"--{command} does not take {got} here")
        found += [f"--{words[at].lstrip('-')}", *arguments]
        at += 1 + len(patterns)
    return tuple(found)


def _command(word: str) -> str:
    name, _, _ = word.partition(":")
    bare = name.removeprefix("-").removeprefix("-")
    if not name.startswith("-") or bare not in COMMANDS:
        taken = ", ".join(sorted(COMMANDS))
        raise ValueError(f"{word!r} is no oiiotool command that is taken; there are {taken}")
    if not _MODIFIERS.fullmatch(word[len(name) :]):
        raise ValueError(f"what follows --{bare} in {word!r} is not taken")
    return bare


def size_after_line(size: Size, text: str) -> Size:
    """The size of a picture after a command line.

    Raises:
        ValueError: a size cannot be.
    """
    words = parse_line(text)
    for k, word in enumerate(words):
        command = word.removeprefix("--").partition(":")[0]
        if command in {"rotate90", "rotate270"}:
            size = size[1], size[0]
        if command in {"resize", "resample", "fit"} and word.startswith("--"):
            width, height = map(int, words[k + 1].split("x"))
            if not (1 <= width <= LONGEST_SIDE and 1 <= height <= LONGEST_SIDE):
                raise ValueError(f"{width}x{height} cannot be")
            size = width, height
    return size
