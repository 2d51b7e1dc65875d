from __future__ import annotations

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "control_plane.runs"

    def ready(self) -> None:
        from control_plane.products.contents import CONTENTS

        CONTENTS["runs"] = lambda product: product.runs.all()
