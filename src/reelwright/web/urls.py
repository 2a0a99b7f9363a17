"""Every address of the pages."""

from django.urls import path

from reelwright.web import live, login, overview

urlpatterns = [
    path("", overview.show, name="overview"),
    path("login", login.enter, name="login"),
    path("logout", login.leave, name="logout"),
    path("alive", overview.alive, name="alive"),
    path("live", live.stream, name="live"),
]
