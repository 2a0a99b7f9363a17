"""What a decoder complained of while a film was read."""

import re
from collections import Counter

#: How many sentences are passed on.
MOST_COMPLAINTS = 3
#: Between these lines stands what is said of a beginning that refers to frames the film does not hold: no damage.
EXCUSED, END = "-- excused", "-- end"


def complaints(stderr: str) -> list[str]:
    """What the decoder complained of, without addresses and repetition.

    What was said between the marks is excused once more for each time it stands there.
    """
    said: dict[str, str] = {}
    excused: Counter[str] = Counter()
    inside = False
    for line in stderr.splitlines():
        text = re.sub(r"^\[(.+?) @ 0x[0-9a-f]+\]\s*", r"\1: ", line).strip().rstrip(".")
        shape = re.sub(r"\d+", "#", text)
        if line in {EXCUSED, END}:
            inside = line == EXCUSED
        elif inside:
            excused[shape] += 1
        elif excused[shape] > 0:
            excused[shape] -= 1
        elif text and shape not in said:
            said[shape] = text
    return list(said.values())[:MOST_COMPLAINTS]
