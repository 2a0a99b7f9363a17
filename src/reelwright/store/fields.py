"""Columns that models share."""

from typing import Any

from django.db import models

from reelwright.store.columns import PlainEncoder


def plain(**options: Any) -> "models.JSONField[Any, Any]":
    """A column of plain values."""
    return models.JSONField(encoder=PlainEncoder, **options)
