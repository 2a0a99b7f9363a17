"""What a run is carried out with."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from reelwright.engine.decoding import SOFTWARE
from reelwright.engine.jobs import JobStore
from reelwright.engine.offload import Offload
from reelwright.engine.trial_place import HERE, TrialPlace
from reelwright.events import EventSink
from reelwright.tools.capabilities import Capabilities
from reelwright.tools.devices import Device
from reelwright.tools.process import Runner


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What a run is carried out with."""

    runner: Runner
    tools: Capabilities
    store: JobStore
    offload: Offload
    sink: EventSink
    now: Callable[[], dt.datetime]
    #: What decodes the films.
    device: Device = SOFTWARE
    #: Where its trials run.
    place: TrialPlace = HERE
