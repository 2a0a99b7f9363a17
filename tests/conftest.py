"""Here so that `tests/` is on the path and every test can import the simulation beside it."""

import os

from hypothesis import settings

# The tests start the program hundreds of times: it keeps what it compiled, as it does wherever it is installed.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

#: However busy the machine is; and `make prove` tries the rules on more examples than `make test`.
settings.register_profile("test", deadline=None)
settings.register_profile("prove", max_examples=2000, deadline=None)
settings.load_profile("test")
