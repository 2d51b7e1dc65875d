from __future__ import annotations

from typing import Any

from control_plane.audit.commands import OperatorCommand
from control_plane.catalog.models import ProviderKey
from control_plane.catalog.pace import forget_paces
from control_plane.catalog.rotation import destroy_spent
from control_plane.idempotency.services import purge
from control_plane.tenancy.entering import as_operator


class Command(OperatorCommand):
    help = (
        "Forget the answers to idempotency keys that are older than a day, and destroy the provider keys whose time is "
        "over. To be run daily; a start does it too."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with as_operator():
            answers = purge()
            keys = destroy_spent(ProviderKey.objects.all())
            forget_paces()
        if options["verbosity"]:
            self.stdout.write(f"{answers} answers forgotten, {keys} provider keys destroyed")
