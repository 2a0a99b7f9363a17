"""Django's settings, the only ones: no web server is needed to use the ledger.

`reelwright.store.connection` names the ledger's file before the first query; the name below is a harmless one for
tools that only look at the models.
"""

from typing import Any

INSTALLED_APPS = ["reelwright.store"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
#: Whoever starts the process decides where its log goes.
LOGGING_CONFIG = None
