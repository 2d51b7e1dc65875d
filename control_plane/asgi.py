"""The runner's application: raw ASGI beside Django, because Django's handler alone costs more than the whole budget."""

from __future__ import annotations

import os
import resource

import django

# What a crash would write to disk holds the keys that were open.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "control_plane.settings")
django.setup()

from control_plane.gateway.app import Gateway  # noqa: E402  # needs the apps to be loaded
from control_plane.vault.holders import start_saying  # noqa: E402
from workers.models.environment_keys import forbid_environment_keys  # noqa: E402

forbid_environment_keys()
application = Gateway()
start_saying()
