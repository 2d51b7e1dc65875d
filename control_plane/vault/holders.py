"""Each serving process says which keys it has, so that none is promoted that one of them lacks."""

from __future__ import annotations

import logging
import os
import socket
import threading
from datetime import timedelta
from time import sleep

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from control_plane.vault.keyring import KeyFileRefused, KeyFilesMissing, Keyring, load_keyring
from control_plane.vault.models import KeyHolder

logger = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
LIVE_SECONDS = 35.0
"""A process that was silent for longer is over."""


def start_saying() -> None:
    """From now until the process ends, in a thread of its own."""
    threading.Thread(target=_say_forever, name="key-holder", daemon=True).start()


def say(ring: Keyring) -> None:
    now = timezone.now()
    said = {"holds": ring.holds, "seals_with": ring.seals_with, "seen_at": now}
    KeyHolder.objects.update_or_create(name=_name(), defaults=said)
    KeyHolder.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()


def lacking(key: str) -> list[str]:
    """Names of the live processes without the key, such as `at-rest a2`."""
    return sorted(_live().exclude(holds__contains=[key]).values_list("name", flat=True))


def sealing_with(key: str) -> list[str]:
    """Names of the live processes that still seal with the key."""
    return sorted(_live().filter(seals_with__contains=[key]).values_list("name", flat=True))


def _live() -> QuerySet[KeyHolder]:
    return KeyHolder.objects.filter(seen_at__gt=timezone.now() - timedelta(seconds=LIVE_SECONDS))


def _name() -> str:
    return f"{settings.ROLE} {socket.gethostname()} {os.getpid()}"


def _say_forever() -> None:
    # What only imports the application has ended by then.
    sleep(1)
    while True:
        _say_once()
        sleep(BEAT_SECONDS)


def _say_once() -> None:
    try:
        say(load_keyring(settings.KEYS_DIR))
    except (DatabaseError, KeyFilesMissing, KeyFileRefused) as error:
        logger.warning("the keys of this process could not be recorded: %s", type(error).__name__)
    finally:
        connection.close()
