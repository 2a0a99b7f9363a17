"""Django as the pages use it: the ledger's settings, and what pages need besides. A process has them from its start."""

import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from csp.constants import NONE, SELF

from reelwright.web.statics import static_address

#: Names a browser on this machine may call us by.
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
#: Seconds a browser stays signed in.
SIGNED_IN = 14 * 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where the pages are offered, and to whom."""

    host: str
    port: int
    #: Signs cookies; kept between starts.
    secret: str
    #: Names the pages are called by beside those of this machine, as a proxy or another machine has them.
    names: tuple[str, ...] = ()
    #: Whether a password is wanted on this machine as well.
    always_login: bool = False

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the pages, and by its own names."""
        return is_loopback(self.host) and not self.names

    @property
    def wants_login(self) -> bool:
        """Whether a password is wanted."""
        return self.always_login or not self.local


def is_loopback(host: str) -> bool:
    """Whether an address to bind to can be reached from this machine alone; a name other than localhost cannot be."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def allowed_hosts(site: Site) -> list[str]:
    """What the Host header may say. Anything else is a forged name: a page of somebody else's that points at us."""
    own = [] if site.host in {"0.0.0.0", "::", ""} else [f"[{site.host}]" if ":" in site.host else site.host]  # noqa: S104
    return list(dict.fromkeys([*LOOPBACK_NAMES, *own, *site.names]))


def web_settings(site: Site) -> dict[str, Any]:
    """Django's settings of a process that offers pages. The ledger's place is set by `store.connection`."""
    return {
        "INSTALLED_APPS": [
            "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles",
            "django_htmx", "csp", "ninja", "reelwright.store", "reelwright.web",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "csp.middleware.CSPMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "reelwright.web.access.same_site_only",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "reelwright.web.access.login_first",
            "django_htmx.middleware.HtmxMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        "ROOT_URLCONF": "reelwright.web.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "DIRS": [str(files("reelwright.report").joinpath("templates"))],  # sections of a film
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "reelwright.web.access.page_facts",
                    ],
                    "builtins": ["reelwright.web.templatetags.words"],
                },
            }
        ],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "USE_TZ": True, "TIME_ZONE": "UTC", "USE_I18N": False, "LOGGING_CONFIG": None, "DEBUG": False,
        "SECRET_KEY": site.secret,
        "ALLOWED_HOSTS": allowed_hosts(site),
        "REELWRIGHT_SITE": site,
        "STATIC_URL": static_address(),
        **_cookies(),
        **_headers(),
    }  # fmt: skip


def _cookies() -> dict[str, Any]:
    # Signed cookies: no table that grows, and a changed password ends them (Django's session hash).
    return {
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "SESSION_COOKIE_NAME": "reelwright_session", "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_AGE": SIGNED_IN,
        "SESSION_COOKIE_SAMESITE": "Lax",  # Strict would greet who follows a link from a message as a stranger
        "CSRF_COOKIE_NAME": "reelwright_csrf", "CSRF_COOKIE_HTTPONLY": True, "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_FAILURE_VIEW": "reelwright.web.access.forged",
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"django.contrib.auth.password_validation.{name}"}
            for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
        ],
        "LOGIN_URL": "login", "LOGIN_REDIRECT_URL": "overview",
    }  # fmt: skip


def _headers() -> dict[str, Any]:
    return {
        # Everything comes from here; pictures of films are blobs of ours. Charts set styles on their elements.
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [NONE], "script-src": [SELF], "connect-src": [SELF], "img-src": [SELF, "data:", "blob:"],
                "style-src": [SELF, "'unsafe-inline'"], "font-src": [SELF], "manifest-src": [SELF],
                "base-uri": [NONE], "form-action": [SELF], "frame-ancestors": [NONE],
            }
        },
        "X_FRAME_OPTIONS": "DENY", "SECURE_CONTENT_TYPE_NOSNIFF": True, "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin", "DATA_UPLOAD_MAX_MEMORY_SIZE": 1 << 20,
    }  # fmt: skip


def configure(site: Site) -> None:
    """Give this process the pages' settings; call it before the ledger is opened. It may have them already."""
    from django.conf import settings  # noqa: PLC0415 -- only a process that offers pages needs all of Django

    if settings.configured and "reelwright.web" in settings.INSTALLED_APPS:
        return
    settings.configure(**web_settings(site))
    # Whoever can reach us could fill our log with these: a traceback for each forged name, a line for each refusal.
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)
    logging.getLogger("django.security.csrf").setLevel(logging.ERROR)
    logging.getLogger("django.request").setLevel(logging.ERROR)


def names_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Host names as they were set, without ports: Django's list has none."""
    return tuple(dict.fromkeys(text.rsplit(":", 1)[0] if text.count(":") == 1 else text for text in texts if text))
