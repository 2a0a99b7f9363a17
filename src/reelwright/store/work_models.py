"""The rows of leased work; `models.py` names them, which is where Django looks for models."""

from django.db import models

from reelwright.store.fields import plain


class WorkLane(models.Model):
    """What pieces of work have in common where it is decided who may take them; there are few."""

    owner = models.CharField(max_length=128)
    kind = models.CharField(max_length=64)
    #: Labels a worker must have, sorted, one a line.
    needs = models.TextField()

    class Meta:
        """Looked up by all of it when work is added."""

        constraints = [models.UniqueConstraint(fields=["owner", "kind", "needs"], name="one_lane_of_a_sort")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.owner or 'nobody'}, needs {self.needs}"


class WorkItem(models.Model):
    """A piece of work; the column `id` says in which order they were added."""

    work = models.CharField(max_length=255, unique=True)
    lane = models.ForeignKey(WorkLane, models.PROTECT, related_name="items", db_index=False)
    payload = plain()
    priority = models.FloatField()
    attempts_allowed = models.IntegerField()
    state = models.CharField(max_length=16)
    attempts = models.IntegerField()
    token = models.BigIntegerField()
    worker = models.CharField(max_length=128, null=True)  # noqa: DJ001 -- nobody is NULL, not ""
    leased = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    cancel_asked = models.BooleanField()
    result = plain()
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField()

    class Meta:
        """Taken and listed lane by lane in order, counted by lane and state, and listed by state.

        There are no more indexes than these: each is one more to write with each lease. Leased rows are few.
        """

        indexes = [
            models.Index(fields=["lane", "state", "-priority", "id"], name="work_of_a_lane_in_order"),
            models.Index(fields=["state", "-updated", "-id"], name="work_that_ended_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.work}: {self.state}"


class WorkPause(models.Model):
    """An owner whose work is held back; an empty one: everybody's."""

    owner = models.CharField(max_length=128, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.owner or "everybody"


class WorkerBeat(models.Model):
    """A worker, and its one heartbeat."""

    id = models.CharField(max_length=128, primary_key=True)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    labels = plain()
    slots = models.IntegerField()
    about = plain()
    heard = models.DateTimeField()
    #: NULL: its leases were taken back, and it has not been heard of since.
    until = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.id} on {self.host}"
