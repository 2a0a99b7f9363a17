"""The pages' own rows: tokens, failed logins, and who did what that cannot simply be undone."""

from django.conf import settings
from django.db import models


class ApiToken(models.Model):
    """A program's way in, as the user it belongs to."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class FailedLogin(models.Model):
    """A login that was refused; old ones are removed by the next."""

    name = models.CharField(max_length=150, db_index=True)
    address = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.name} from {self.address}"


class AuditLine(models.Model):
    """Something that changed what is there, who did it, and from where."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    #: Empty: whoever sat at this machine, where no login is wanted.
    user = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=64)
    act = models.CharField(max_length=32)
    subject = models.TextField()
    outcome = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.at}: {self.user or 'somebody here'}: {self.act} {self.subject}"
