"""Real films and curves that are no part of the project; tests that want them are skipped where they are not."""

import os
from pathlib import Path

#: Folder with `clips`, `curves`, `dolby_vision` and `hdr10plus`, beside the checkout where nothing else is said.
MEDIA = Path(os.environ.get("REELWRIGHT_TEST_MEDIA", Path(__file__).resolve().parents[1] / ".." / "shared" / "media"))
CLIPS, CURVES = MEDIA / "clips", MEDIA / "curves"
DOLBY_VISION = MEDIA / "dolby_vision"
