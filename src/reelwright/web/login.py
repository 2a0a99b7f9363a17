"""Signing in and out. Guessing is slowed down: by name and by address, for longer the more was guessed."""

import datetime as dt

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from reelwright.web.audit import address_of, note
from reelwright.web.models import FailedLogin

#: Refused logins of one name, or from one address, after which the next has to wait.
FREE_TRIES = 5
#: How far back they count, and are kept.
WINDOW = dt.timedelta(minutes=15)


def enter(request: HttpRequest) -> HttpResponse:
    """The login page, and what it sends."""
    onward = where_to(request)
    if request.method != "POST":
        return HttpResponseRedirect(onward) if request.user.is_authenticated else page(request, onward)
    name = request.POST.get("name", "")[:150]
    if too_many(name, address_of(request)):
        return page(request, onward, "Too many wrong passwords. Wait a quarter of an hour.", status=429)
    user = authenticate(request, username=name, password=request.POST.get("password", ""))
    if not isinstance(user, User):
        refuse(name, address_of(request))
        return page(request, onward, "There is no such user with that password.", status=403)
    admit(request, user)
    return HttpResponseRedirect(onward)


def admit(request: HttpRequest, user: User) -> None:
    """Sign a user in, under a new session."""
    FailedLogin.objects.filter(name=user.get_username()).delete()
    login(request, user)
    note(request, "login", user.get_username())


def refuse(name: str, address: str) -> None:
    """Remember a refused login, and forget the old ones."""
    FailedLogin.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    FailedLogin.objects.create(name=name, address=address)


def too_many(name: str, address: str) -> bool:
    """Whether so many logins were refused lately that the next is not even looked at."""
    lately = FailedLogin.objects.filter(at__gte=timezone.now() - WINDOW)
    return lately.filter(name=name).count() >= FREE_TRIES or lately.filter(address=address).count() >= 4 * FREE_TRIES


def where_to(request: HttpRequest) -> str:
    """The page somebody wanted; never one of another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=False)
    return wanted if own else reverse("overview")


def page(request: HttpRequest, onward: str, complaint: str = "", status: int = 200) -> HttpResponse:
    """The login page."""
    return render(request, "web/login.html", {"next": onward, "complaint": complaint}, status=status)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    note(request, "logout", request.user.get_username())
    logout(request)
    return HttpResponseRedirect(reverse("login"))
