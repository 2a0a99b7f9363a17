"""Give a sequence's outputs their names, once every check is passed."""

import os
from typing import Any

from reelwright.engine.delivery_proof import Wanted, hidden_folder
from reelwright.engine.making import Making
from reelwright.engine.placement import place
from reelwright.engine.standing import frames_content
from reelwright.errors import ConflictError
from reelwright.sequences.delivery import Kind
from reelwright.sequences.rendering import Rendering
from reelwright.tools.delivery import Output
from reelwright.tools.hashing import content_hash


def place_all(making: Making, *, overwrite: bool) -> list[dict[str, Any]]:
    """Give every output its name; what each is, for the manifest.

    Args:
        making: what was made.
        overwrite: replace whatever is there; an earlier movie of ours is replaced in any case, while nobody has
            written to it.

    Raises:
        ConflictError: somebody has written to an earlier movie meanwhile.
        UsageError, ResourceError: a destination cannot be written.
    """
    standing = making.standing
    if standing is not None and not standing.untouched() and not overwrite:
        raise ConflictError("The earlier movie was changed meanwhile.", hint="Use --overwrite to replace it.")
    replacing = overwrite or standing is not None
    pairs = zip(making.wanted, making.outputs(), strict=True)
    return [
        {
            "path": os.fspath(w.path),
            "profile": w.profile.name,
            **place_one(making.rendering, w, out, overwrite=replacing),
        }
        for w, out in pairs
    ]


def place_one(rendering: Rendering, w: Wanted, out: Output, *, overwrite: bool) -> dict[str, Any]:
    """Give an output its name; the hash of its bytes, and of frames their names."""
    if w.profile.kind is not Kind.FRAMES:
        content = content_hash(out.path)
        place(out.path, w.path, overwrite=overwrite)
        return {"content": content}
    hidden = hidden_folder(out)
    w.path.mkdir(parents=True, exist_ok=True)
    for picture in sorted(hidden.iterdir()):
        place(picture, w.path / picture.name, overwrite=overwrite)
    hidden.rmdir()
    numbers = range(out.first, out.first + out.frames)
    names = [f"{rendering.name}.{number:0{rendering.padding}d}{w.profile.suffix}" for number in numbers]
    return {"content": frames_content(w.path, names), "files": names}
