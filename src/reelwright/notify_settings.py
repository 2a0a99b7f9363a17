"""What there is to set of notifications. What may hold a password is kept from being printed."""

from collections.abc import Mapping
from string import Template
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from reelwright.plugin_settings import words
from reelwright.sections import Section

Kind = Literal["failed", "asked", "done", "library_done"]
#: What a template may name, by `$name`.
FIELDS = ("file", "name", "library", "reasons", "saved", "percent", "vmaf", "output", "count", "summary")


def separate(value: object) -> object:
    """URLs as they are; a text, as the environment has it, at its spaces and line breaks."""
    return tuple(value.split()) if isinstance(value, str) else value


def checked_template(value: str) -> str:
    """A template of known fields.

    Raises:
        ValueError: it is none, or names what is not there.
    """
    template = Template(value)
    if not template.is_valid():
        raise ValueError("a single $ is written $$")
    if strange := [name for name in template.get_identifiers() if name not in FIELDS]:
        raise ValueError(f"there is no ${strange[0]}; there are {', '.join(FIELDS)}")
    return value


def checked_address(value: SecretStr) -> SecretStr:
    """The address of a server.

    Raises:
        ValueError: it is none; the text does not repeat it.
    """
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected an address such as http://server:8096")
    return value


Text = Annotated[str, AfterValidator(checked_template)]


class TemplateSettings(Section):
    """Words of a message: its title, and the line of each thing that happened."""

    title: Text = "Reelwright: $summary"
    failed: Text = "failed: $name: $reasons"
    asked: Text = "waits for your word: $name: $reasons"
    done: Text = "done: $name, $percent of the source, VMAF $vmaf"
    library_done: Text = "the library $library has nothing left to do"


class WebhookSettings(Section):
    """A table [notify.webhooks.NAME]: a server that is told of every file that was placed."""

    #: A media server that looks at the folder, or any that takes JSON.
    kind: Literal["jellyfin", "emby", "plex", "kodi", "json"] = "json"
    url: Annotated[SecretStr, AfterValidator(checked_address)]
    #: Jellyfin's and Emby's key, Plex's token, Kodi's password; with "json" it is sent as a bearer's.
    token: SecretStr = SecretStr("")
    #: Kodi's user.
    user: str = ""
    #: Our folders as the server has them; the longest that fits counts: { "/films" = "/media/films" }.
    paths: dict[str, str] = Field(default_factory=dict)
    #: Seconds a connection and an answer may take, each.
    timeout: float = Field(default=10, gt=0, le=300)


class NotifySettings(Section):
    """Who is told of what, and how often."""

    #: Services by their Apprise URLs: "mailto://…", "discord://…", "ntfy://…".
    urls: Annotated[tuple[SecretStr, ...], BeforeValidator(separate)] = ()
    on: Annotated[tuple[Kind, ...], BeforeValidator(words)] = ("failed", "asked", "library_done")
    #: Seconds in which what happens is gathered into one message.
    gather: float = Field(default=60, ge=0, le=86400)
    #: Messages an hour at the most; what happens meanwhile goes into the next one.
    per_hour: int = Field(default=6, ge=1, le=3600)
    #: How often one message is tried.
    attempts: int = Field(default=3, ge=1, le=10)
    templates: TemplateSettings = TemplateSettings()
    webhooks: dict[str, WebhookSettings] = Field(default_factory=dict)
    #: Tables [notify.plugins."plugin.thing"]: settings of notifiers that plugins give; each that has one is used.
    plugins: dict[str, dict[str, Any]] = Field(default_factory=dict)


def is_secret(key: str) -> bool:
    """Whether a setting may hold a password: its value is never repeated in a message."""
    first, _, rest = key.partition(".")
    if key == "cluster.flower_login":
        return True
    return first == "notify" and rest.partition(".")[0] in {"urls", "webhooks", "plugins"}


def hidden(values: Mapping[str, Any]) -> dict[str, str]:
    """A plugin's settings without their values: which of them is a password only the plugin knows."""
    return dict.fromkeys(values, "**********")
