from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "control_plane.settings")
application = get_wsgi_application()

from control_plane.vault.holders import start_saying  # noqa: E402  # needs the apps to be loaded

start_saying()
