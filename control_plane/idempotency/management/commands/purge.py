from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand

from control_plane.idempotency.services import purge
from control_plane.tenancy.entering import as_operator


class Command(BaseCommand):
    help = "Forget the answers to idempotency keys that are older than a day. To be run daily; a start does it too."

    def handle(self, *args: Any, **options: Any) -> None:
        with as_operator():
            count = purge()
        if options["verbosity"]:
            self.stdout.write(f"{count} answers forgotten")
