"""Check of film grain: a player adds it where it was asked for, and nowhere else."""

from reelwright.planning.checks.evidence import Check, Evidence
from reelwright.planning.grain import STRENGTH, TABLE, has_grain


def check_grain(e: Evidence) -> Check:
    """Each sequence of the output announces grain as the plan has it; zones may have it otherwise."""
    announced, sequences = e.grain
    wanted = has_grain(e.plan.parameters)
    by_zone = any(f"svt.{name}=" in zone for zone in e.plan.request.zones for name in (STRENGTH, TABLE))
    passed = by_zone or announced == (sequences if wanted else 0)
    passed = passed and (not wanted or sequences > 0)
    detail = f"{announced} of {sequences} sequences have grain added" if announced or wanted else "no grain is added"
    return Check(name="grain", passed=passed, detail=detail)
