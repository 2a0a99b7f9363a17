"""Here so that `tests/` is on the path and every test can import the simulation beside it."""

import os

# The tests start the program hundreds of times: it keeps what it compiled, as it does wherever it is installed.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
