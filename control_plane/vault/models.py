from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from control_plane.vault.fields import Identity


class SecretRow(models.Model):
    """Base of each table with a secret column; beside the column stands `at_rest_kid`."""

    IDENTITY_FIELDS: ClassVar[tuple[str, ...]] = ()
    """What to fetch along for `identity`."""

    class Meta:
        abstract = True

    def identity(self) -> Identity:
        """What the secret is bound to."""
        raise NotImplementedError


class KeyHolder(models.Model):
    """A serving process and the keys that it has, by its own word. No tenant's, hence no scope."""

    name = models.CharField(max_length=200, primary_key=True)
    """Role, host and process id."""
    holds = ArrayField(models.CharField(max_length=64))
    seals_with = ArrayField(models.CharField(max_length=64))
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class KeyCanary(models.Model):
    """A known text under one key: does a key file hold the key that it says? No tenant's, hence no scope."""

    key = models.CharField(max_length=64, primary_key=True)
    """Ring and id, such as `at-rest a2`."""
    text = models.TextField()

    def __str__(self) -> str:
        return self.key
