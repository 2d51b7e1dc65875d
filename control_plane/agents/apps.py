from __future__ import annotations

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "control_plane.agents"

    def ready(self) -> None:
        from control_plane.agents.services import agents_using
        from control_plane.catalog.users import MODEL_USERS
        from control_plane.products.contents import CONTENTS

        if agents_using not in MODEL_USERS:
            MODEL_USERS.append(agents_using)
        CONTENTS["agents"] = lambda product: product.agents.all()
