"""Here so that `tests/` is on the path and every test can import the simulation beside it."""

import os

from django.conf import settings as django_settings
from hypothesis import settings

from reelwright.web.site import Site, configure

# The tests start the program hundreds of times: it keeps what it compiled, as it does wherever it is installed.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Django is configured once a process, and tests of pages may run in any: as the pages need it, which is all that the
# ledger needs and more.
if not django_settings.configured:
    configure(Site(host="127.0.0.1", port=8765, secret="-" * 50))

#: However busy the machine is; and `make prove` tries the rules on more examples than `make test`.
settings.register_profile("test", deadline=None)
settings.register_profile("prove", max_examples=2000, deadline=None)
settings.load_profile("test")
