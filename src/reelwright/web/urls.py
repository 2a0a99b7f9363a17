"""Every address of the pages. None holds a path: jobs go by their id, files by the number of their row."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from reelwright.web import live, login, overview


class HexConverter(StringConverter):
    """The id of a job, or the label of a replacement."""

    regex = "[0-9a-f]{4,128}"


register_converter(HexConverter, "hex")

urlpatterns = [
    path("", overview.show, name="overview"),
    path("login", login.enter, name="login"),
    path("logout", login.leave, name="logout"),
    path("alive", overview.alive, name="alive"),
    path("live/<str:parts>", live.stream, name="live"),
    path("live/<str:parts>/<hex:subject>", live.stream, name="live-of"),
]
