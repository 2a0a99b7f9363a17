"""What the ledger's trials took and gave, of every film."""

from django.db.models import F, QuerySet

from reelwright.planning.estimate import TrialFact
from reelwright.store import models
from reelwright.store.connection import speaking_to
from reelwright.store.jobs import DjangoJobStore

#: The latest trials are like the next ones: the same machine, the same builds.
MOST = 20_000


def trials_seen(store: DjangoJobStore, *, encoder: str, preset: int) -> list[TrialFact]:
    """The latest committed trials of an encoder's preset."""
    rows: QuerySet[models.Trial] = models.Trial.objects.filter(
        encoder=encoder, preset=preset, windows__isnull=True
    ).order_by("-pk")
    columns = rows.annotate(frames=F("end") - F("start")).values_list(
        *("source_id", "curve_key", "width", "height", "frames", "size_bytes", "score_mean"),
        *("encode_wall_seconds", "score_wall_seconds"),
    )
    with speaking_to(store.place):
        return [
            TrialFact(
                source_id=str(source), curve_key=str(curve), width=int(width), height=int(height), frames=int(frames),
                size_bytes=int(size), score=float(score), seconds=float(encode) + float(scoring),
            )
            for source, curve, width, height, frames, size, score, encode, scoring in columns[:MOST]
            if frames > 0 and width > 0 and height > 0
        ]  # fmt: skip
