"""What a simulated cluster is told, and what it tells."""

from dataclasses import dataclass, field

from reelwright.engine.worker import Manners


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    """Seconds of a core of the database."""

    claim: float = 0.001
    commit: float = 0.0005
    beat: float = 0.0006
    look: float = 0.0003
    #: A count: by itself, and for each worker's row that it reads.
    count: float = 0.0005
    counted: float = 0.000003


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What is simulated; times in seconds."""

    workers: int
    #: Films led at once.
    led: int
    #: Of all workers, in an hour.
    failing: float = 0.02
    away: float = 120.0
    slow: float = 0.05
    #: How much longer a slow node takes.
    slower: float = 3.0
    #: From when until when the broker, the database cannot be reached.
    broker_out: tuple[float, float] = (0.0, 0.0)
    database_out: tuple[float, float] = (0.0, 0.0)
    #: What a leader does before a film's trials, and after them.
    reading: float = 20.0
    placing: float = 20.0
    cores: int = 4
    costs: Costs = Costs()
    #: Leaders ask as seldom as `Slots` says; else each as often as one alone does.
    sparing: bool = True
    manners: Manners = field(default_factory=Manners)
    seed: int = 1


@dataclass(slots=True)
class Report:
    """What came of it; seconds of workers, of which `alive` counts only while films wait to be led."""

    films: int = 0
    trials: int = 0
    useful: float = 0.0
    lost: float = 0.0
    alive: float = 0.0
    #: Until the last film was taken up; until all were through.
    busy_until: float = 0.0
    seconds: float = 0.0
    statements: int = 0
    #: Of the database's cores, on average and in the worst ten seconds.
    load: float = 0.0
    worst_load: float = 0.0
    claims: int = 0
    empty_claims: int = 0
    failures: int = 0
    reaped: int = 0
    #: Rows that failed because three workers fell silent with them, and that somebody had tried again.
    retried: int = 0
    #: Commits of each row: one, or a defect.
    commits: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    #: From posting a trial to its first claim, and from posting a film to its end.
    waits: list[float] = field(default_factory=list)
    film_seconds: list[float] = field(default_factory=list)
    #: Busy workers, now and then.
    curve: list[tuple[float, int]] = field(default_factory=list)

    @property
    def efficiency(self) -> float:
        """Useful time of workers while there was work, by the time they lived."""
        return self.useful / self.alive if self.alive else 0.0
