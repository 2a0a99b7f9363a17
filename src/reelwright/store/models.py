"""The ledger's rows. They hold no rules: `rows.py` turns them into the engine's values and back.

Ids of films, jobs and trials are digests made elsewhere. Every path has two columns: one to read and one, of bytes,
that is exact. References to a job are not enforced by the database, so that no order of commits can lose a record.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q

from reelwright.store.columns import EventEncoder
from reelwright.store.fields import plain
from reelwright.store.work_models import WorkerBeat, WorkItem, WorkLane, WorkPause

__all__ = ["WorkItem", "WorkLane", "WorkPause", "WorkerBeat"]

DIGEST = 128


def _job(related_name: str, **options: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey("Job", models.CASCADE, db_constraint=False, related_name=related_name, **options)


class Source(models.Model):
    """A film that was analysed, by the path it was read from; the same film may lie at several."""

    path = models.TextField()
    path_exact = models.BinaryField(unique=True)
    # As text: file systems hand out device, inode and time numbers up to 64 bits without a sign.
    device = models.CharField(max_length=24)
    inode = models.CharField(max_length=24)
    mtime_ns = models.CharField(max_length=24)
    size_bytes = models.BigIntegerField()
    source_id = models.CharField(max_length=DIGEST, db_index=True)
    index_digest = models.CharField(max_length=DIGEST)
    frames = models.BigIntegerField()
    facts = plain()
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.path


class Job(models.Model):
    """One piece of work: a source, a request and an output."""

    id = models.CharField(max_length=DIGEST, primary_key=True)
    source_id = models.CharField(max_length=DIGEST, db_index=True)
    source_path = models.TextField()
    source_path_exact = models.BinaryField()
    output_path = models.TextField()
    output_path_exact = models.BinaryField(db_index=True)
    plan = plain()
    status = models.CharField(max_length=16, db_index=True)
    work_folder = models.TextField(null=True)  # noqa: DJ001 -- unknown is NULL, not ""
    work_folder_exact = models.BinaryField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        """Jobs are listed the newest first, all of them or those of a status."""

        indexes = [
            models.Index(fields=["-updated", "-id"], name="jobs_in_order"),
            models.Index(fields=["status", "-updated", "-id"], name="jobs_of_a_status_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.status}): {self.output_path}"


class Step(models.Model):
    """A committed step of a job."""

    job = _job("steps", db_index=False)  # the constraint's index starts with the job
    kind = models.CharField(max_length=16)
    result = plain()
    wall_seconds = models.FloatField()
    cpu_seconds = models.FloatField()
    peak_rss_bytes = models.BigIntegerField()
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        """A later commit of the same kind replaces the former."""

        constraints = [models.UniqueConstraint(fields=["job", "kind"], name="one_step_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job_id}"


class StreamFate(models.Model):
    """One thing in a job's source and what becomes of it: a row of the stream ledger."""

    job = _job("stream_fates", db_index=False)  # the constraint's index starts with the job
    #: Where it stands in its job's ledger.
    place = models.IntegerField()
    subject = models.CharField(max_length=16)
    stream = models.IntegerField(null=True)
    chapter = models.IntegerField(null=True)
    name = models.TextField()
    value = models.TextField()
    fate = models.CharField(max_length=16, db_index=True)
    rule = models.CharField(max_length=32, null=True, db_index=True)  # noqa: DJ001 -- none is NULL, not ""
    reason = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A job's rows are written together, in their order."""

        constraints = [models.UniqueConstraint(fields=["job", "place"], name="one_fate_in_a_place")]

    def __str__(self) -> str:
        return f"{self.subject} {self.name}: {self.fate}"


class Trial(models.Model):
    """One chunk encoded and scored at one CRF, whichever job did it."""

    trial_key = models.CharField(max_length=DIGEST, unique=True)
    curve_key = models.CharField(max_length=DIGEST)
    source_id = models.CharField(max_length=DIGEST, db_index=True)
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    crf = models.FloatField()
    file_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    packets_digest = models.CharField(max_length=DIGEST)

    score_key = models.CharField(max_length=DIGEST)
    score_mean = models.FloatField()
    score_harmonic_mean = models.FloatField()
    score_p5 = models.FloatField()
    score_p1 = models.FloatField()
    score_min = models.FloatField()
    score_frames = models.BigIntegerField()
    score_model = models.CharField(max_length=255)
    score_n_subsample = models.IntegerField()
    score_scaled_to = models.CharField(max_length=32, null=True)  # noqa: DJ001 -- unknown is NULL, not ""

    frame_scores = plain()

    encode_wall_seconds = models.FloatField()
    encode_cpu_seconds = models.FloatField()
    encode_peak_rss_bytes = models.BigIntegerField()
    score_wall_seconds = models.FloatField()
    score_cpu_seconds = models.FloatField()
    score_peak_rss_bytes = models.BigIntegerField()

    threads = models.IntegerField(null=True)
    cpu_idle = models.FloatField(null=True)

    features = plain()
    size_class = models.IntegerField()
    width = models.IntegerField()
    height = models.IntegerField()
    encoder = models.CharField(max_length=64)
    preset = models.IntegerField()
    parameters = plain()
    build = plain()
    why = plain()
    predicted = models.FloatField(null=True)
    windows = plain(null=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        """Trials are looked up by curve, in the order of their CRF, and by picture size, the newest first."""

        constraints = [
            models.CheckConstraint(condition=Q(start__gte=0, end__gt=F("start")), name="a_trial_has_frames"),
        ]
        indexes = [
            models.Index(fields=["curve_key", "crf"], name="trials_of_a_curve"),
            models.Index(fields=["encoder", "preset", "size_class", "id"], name="trials_of_a_size"),
        ]

    def __str__(self) -> str:
        return f"frames [{self.start}, {self.end}) of {self.source_id} at CRF {self.crf}"


class HistoryReset(models.Model):
    """From here on the search learned anew; the trials of before stay."""

    #: The last trial there was.
    after = models.BigIntegerField()
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"trials after {self.after}"


class Outcome(models.Model):
    """How one source ended, also for skips, refusals and failures."""

    job = _job("outcomes", null=True)
    source_path = models.TextField()
    source_path_exact = models.BinaryField()
    output_path = models.TextField(null=True)  # noqa: DJ001 -- unknown is NULL, not ""
    output_path_exact = models.BinaryField(null=True)
    decision = models.CharField(max_length=32, null=True)  # noqa: DJ001 -- unknown is NULL, not ""
    outcome = models.CharField(max_length=32, db_index=True)
    exit_code = models.IntegerField()
    reasons = plain()
    bytes_before = models.BigIntegerField(null=True)
    bytes_after = models.BigIntegerField(null=True)
    vmaf = plain(null=True)
    trials = models.IntegerField()
    seconds = models.FloatField()
    cpu_seconds = models.FloatField()
    checks = plain()
    finished = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.source_path}: {self.outcome}"


class Event(models.Model):
    """One thing that happened to one file; `progress` is not kept."""

    event = models.CharField(max_length=32)
    timestamp = models.DateTimeField(db_index=True)
    file = models.TextField()
    file_exact = models.BinaryField()
    job = _job("events", null=True)
    status = models.TextField()
    data = models.JSONField(encoder=EventEncoder)

    def __str__(self) -> str:
        return f"{self.event}: {self.file}"


class Library(models.Model):
    """A root with a name, whose films are kept an eye on."""

    name = models.CharField(max_length=128, unique=True)
    root = models.TextField()
    root_exact = models.BinaryField(unique=True)
    marker = models.CharField(max_length=128)
    settings = plain()
    scanned = models.DateTimeField(null=True)
    approved = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        """In English several are libraries."""

        verbose_name_plural = "libraries"

    def __str__(self) -> str:
        return f"{self.name}: {self.root}"


class LibraryFile(models.Model):
    """A file of a library, as the last scan and the last probe left it."""

    library = models.ForeignKey(Library, models.CASCADE, related_name="files", db_index=False)
    path = models.TextField()
    path_exact = models.BinaryField()
    size_bytes = models.BigIntegerField()
    # As text: see Source.
    mtime_ns = models.CharField(max_length=24)
    inode = models.CharField(max_length=24)
    hard_links = models.IntegerField()
    symlink = models.BooleanField()
    gone = models.BooleanField()
    fingerprint = models.CharField(max_length=DIGEST, null=True)  # noqa: DJ001 -- unknown is NULL, not ""
    state = models.CharField(max_length=16)
    facts = plain(null=True)
    #: One of the facts, to list by.
    codec = models.CharField(max_length=64, null=True)  # noqa: DJ001
    refusal = plain()
    action = models.CharField(max_length=16, null=True)  # noqa: DJ001 -- undecided is NULL, not ""
    rule = models.CharField(max_length=128, null=True)  # noqa: DJ001
    reasons = plain()
    settings = plain()
    owner = models.CharField(max_length=16, null=True)  # noqa: DJ001
    saves = models.FloatField(null=True)
    costs = models.FloatField(null=True)
    job = _job("library_files", null=True)
    bytes_before = models.BigIntegerField(null=True)
    bytes_after = models.BigIntegerField(null=True)
    #: Id of the leased work it was queued as last; no reference, for its row may be cleared away.
    work = models.CharField(max_length=255, null=True, db_index=True)  # noqa: DJ001
    note = plain(default=list)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        """Files are counted and listed by library and state, and looked up by path."""

        constraints = [
            models.UniqueConstraint(
                fields=["library", "path_exact"], condition=Q(gone=False), name="one_file_that_is_there_at_a_path"
            ),
        ]
        indexes = [
            models.Index(fields=["library", "gone", "state", "id"], name="files_of_a_state"),
            models.Index(fields=["library", "path_exact"], name="files_by_path"),
            # Everything pages filter and sort by: a list of 100,000 files is made of this alone.
            models.Index(
                fields=["library", "gone", "path", "state", "rule", "codec", "size_bytes", "saves"], name="files_listed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path}: {self.state}"


class Placement(models.Model):
    """A film whose output takes its place: the journal of the replacement, and of the original in quarantine."""

    order_id = models.CharField(max_length=255, unique=True)
    # No reference: the journal outlives its job.
    job_id = models.CharField(max_length=DIGEST, null=True, db_index=True)  # noqa: DJ001 -- unknown is NULL, not ""
    stage = models.CharField(max_length=16)
    source_path = models.TextField()
    source_path_exact = models.BinaryField()
    final_path = models.TextField()
    kept_path = models.TextField()
    bytes_before = models.BigIntegerField()
    bytes_after = models.BigIntegerField()
    #: The whole entry: what crash recovery goes by.
    entry = plain()
    until = models.DateTimeField(null=True)
    changed = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Placements are sought by stage, and by the path of their film."""

        indexes = [
            models.Index(fields=["stage", "id"], name="placements_of_a_stage"),
            models.Index(fields=["source_path_exact"], name="placements_of_a_film"),
        ]

    def __str__(self) -> str:
        return f"{self.source_path}: {self.stage}"
