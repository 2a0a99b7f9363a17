"""What may be asked of which encoder: a wrong wish is told before any work."""

from collections.abc import Iterator

from reelwright.encoders import SVT_AV1, Encoder, find
from reelwright.errors import UsageError
from reelwright.planning.plan import Request
from reelwright.planning.zones import parse_zone

#: Steps closer than this are the same: a step has an exact float, a CRF that was typed has one too.
SAME = 1e-6


def check_encoder(request: Request) -> None:
    """Make sure that the encoder can do what is asked of it.

    Raises:
        UsageError: it cannot, with what to change.
    """
    encoder = find(request.encoder)
    for problem, hint in problems(request, encoder):
        raise UsageError(problem, hint=hint)


def problems(request: Request, encoder: Encoder) -> Iterator[tuple[str, str]]:
    """Sentences on what the encoder cannot do of what is asked, each with what to change."""
    zones = [parse_zone(zone) for zone in request.zones]
    own = [name for settings in (request.svt, *(zone.svt for zone in zones)) for name, _ in settings]
    other = f"Leave it out, or use --encoder {SVT_AV1.name}."
    if own and not encoder.takes_parameters:
        yield f"The parameter {own[0]} is {SVT_AV1.title}'s, and the encoder asked for is {encoder.name}.", other
    if request.film_grain and not encoder.film_grain:
        yield f"The encoder {encoder.name} synthesises no film grain.", other
    for crf in (request.crf, *(zone.crf for zone in zones)):
        if crf is not None and not fits(crf, encoder):
            yield f"The encoder {encoder.name} has no CRF {crf:g}.", f"Take {describe(encoder)}."
    if request.crf is None and not any(
        request.min_crf - SAME <= crf <= request.max_crf + SAME for crf in steps(encoder)
    ):
        bounds = f"from {request.min_crf:g} to {request.max_crf:g}"
        yield f"The encoder {encoder.name} has no CRF {bounds}.", f"It takes {describe(encoder)}."


def steps(encoder: Encoder) -> list[float]:
    """Every CRF an encoder can tell apart."""
    return [
        k * encoder.crf_step
        for k in range(round(1 / encoder.crf_step), round(encoder.highest_crf / encoder.crf_step) + 1)
    ]


def fits(crf: float, encoder: Encoder) -> bool:
    """Whether the encoder has this very CRF."""
    return any(abs(crf - step) < SAME for step in steps(encoder))


def describe(encoder: Encoder) -> str:
    """The CRFs of an encoder, for people."""
    what = "a whole number" if encoder.crf_step == 1 else f"a multiple of {encoder.crf_step:g}"
    return f"{what} up to {encoder.highest_crf:g}"
