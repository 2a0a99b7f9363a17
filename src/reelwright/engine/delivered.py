"""Give a sequence's outputs their names and their manifests, once every check is passed."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reelwright.engine.delivery_proof import Wanted, hidden_folder, write_manifest
from reelwright.engine.delivery_record import Record, record_path, write_record
from reelwright.engine.making import Making
from reelwright.engine.placement import failed_write, place
from reelwright.engine.standing import frames_content
from reelwright.errors import ConflictError
from reelwright.sequences.delivery import Kind
from reelwright.sequences.rendering import Rendering
from reelwright.tools.delivery import Output
from reelwright.tools.hashing import content_hash

#: Where a file is written first, where it belongs, and the hash of its bytes.
Files = tuple[tuple[Path, Path, str], ...]
#: The manifest of outputs of which this is known.
ManifestOf = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]]


def place_all(making: Making, manifest_of: ManifestOf, *, overwrite: bool) -> list[dict[str, Any]]:
    """Give every output its name, and its manifest beside it; what each is.

    What is about to be done is recorded first: should this process end meanwhile, the next run of the same output
    carries it through.

    Args:
        making: what was made.
        manifest_of: the manifest, from what every output is.
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
    found = [(w, out, files_of(w, out)) for w, out in pairs]
    written = [
        {"path": os.fspath(w.path), "profile": w.profile.name, **said_of(making.rendering, w, out, files)}
        for w, out, files in found
    ]
    manifest = manifest_of(written)
    last = record_path(making.wanted[-1].path)
    for w, _, files in found:
        try:
            write_record(w.path, Record(files=files, overwrite=replacing, last=last, manifest=manifest))
        except OSError as error:
            raise failed_write(w.path, error) from error
    for w, out, files in found:
        place_one(w, out, files, overwrite=replacing)
        write_manifest(w.path, manifest)
        record_path(w.path).unlink()
    return written


def files_of(w: Wanted, out: Output) -> Files:
    """The files that are placed of an output; of pictures, those that this run has made."""
    if w.profile.kind is not Kind.FRAMES:
        return ((out.path, w.path, content_hash(out.path)),)
    made = sorted(hidden_folder(out).iterdir())
    return tuple((picture, w.path / picture.name, content_hash(picture)) for picture in made)


def said_of(rendering: Rendering, w: Wanted, out: Output, files: Files) -> dict[str, Any]:
    """The hash of an output's bytes, and of pictures their names, those that stay as they were among them."""
    known = {final.name: content for _, final, content in files}
    if w.profile.kind is not Kind.FRAMES:
        return {"content": known[w.path.name]}
    numbers = range(out.first, out.first + out.frames)
    names = [f"{rendering.name}.{number:0{rendering.padding}d}{w.profile.suffix}" for number in numbers]
    return {"content": frames_content(w.path, names, known), "files": names}


def place_one(w: Wanted, out: Output, files: Files, *, overwrite: bool) -> None:
    """Give the files of an output their names."""
    if w.profile.kind is Kind.FRAMES:
        w.path.mkdir(parents=True, exist_ok=True)
    for first, final, _ in files:
        place(first, final, overwrite=overwrite)
    if w.profile.kind is Kind.FRAMES:
        hidden_folder(out).rmdir()
