"""How many encodes run at once, and with how many threads: from CPU, memory and disk."""

from dataclasses import dataclass

#: Memory of one encode and its scoring: a fixed part, and bytes a pixel of the picture
#: (preset 6, 10 bit; `make bench` prints the measured peak of each run).
FIXED_BYTES = 300 << 20
BYTES_PER_PIXEL = 700
#: Memory left to everything else.
RESERVE_BYTES = 1 << 30
#: One encoder keeps about this many cores busy at these chunk sizes.
CORES_PER_ENCODE = 2
#: Free space kept on the work disk; a trial is not started below it.
DISK_RESERVE_BYTES = 512 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Parallel:
    """How the work is spread."""

    #: Trials at once.
    encodes: int
    #: SVT-AV1's `lp`, and VMAF's threads.
    threads: int
    #: What decided it, for people.
    why: str


def encode_bytes(width: int, height: int) -> int:
    """Memory one trial is expected to need."""
    return FIXED_BYTES + width * height * BYTES_PER_PIXEL


def decide_parallel(*, cores: int, memory_bytes: int, width: int, height: int, requested: int) -> Parallel:
    """Decide how many trials run at once.

    With few cores, one trial a core at `lp=2` keeps them busy while others score: measured on two cores, two
    encoders of lp=2 beat two of lp=1 by a fifth. With many cores an encoder fills about two.

    Args:
        cores: cores this process may use.
        memory_bytes: memory available now.
        width: of the picture.
        height: of the picture.
        requested: what the user asked for; 0 decides.
    """
    threads = max(1, min(CORES_PER_ENCODE, cores))
    if requested:
        return Parallel(encodes=requested, threads=threads, why=f"{requested} asked for")
    by_cpu = max(2, cores // CORES_PER_ENCODE + 1) if cores > 1 else 1
    by_memory = max(1, (memory_bytes - RESERVE_BYTES) // encode_bytes(width, height))
    limit = "memory" if by_memory < by_cpu else "CPU"
    return Parallel(encodes=min(by_cpu, by_memory), threads=threads, why=f"{cores} cores, limited by {limit}")


def disk_needed(source_bytes: int) -> int:
    """Free space on the work disk that a film's trials are expected to need: a few small copies of it."""
    return DISK_RESERVE_BYTES + source_bytes // 2
