from __future__ import annotations

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "control_plane.catalog"

    def ready(self) -> None:
        from control_plane.products.contents import CONTENTS

        CONTENTS["models"] = lambda product: product.models.all()
