from __future__ import annotations

import builtins
from datetime import datetime

from ductape.call import Flow
from ductape.resources.base import UNSET, Resource, Unset, all_pages, body, given
from ductape.sending import TransportT, operation
from ductape.types.audit import AuditEntry, AuditFilter


class Audit(Resource[TransportT]):
    """What happened in the workspace, and who did it. Needs the scope `admin`."""

    @operation
    def fetch_all(
        self,
        *,
        action: str | Unset = UNSET,
        actor: str | Unset = UNSET,
        kind: str | Unset = UNSET,
        tag: str | Unset = UNSET,
        product: str | Unset = UNSET,
        env: str | Unset = UNSET,
        since: datetime | Unset = UNSET,
        until: datetime | Unset = UNSET,
    ) -> Flow[builtins.list[AuditEntry]]:
        """All entries, or only those to which all that is given applies; newest first.

        Args:
            action: such as `model.updated` or `key.opened`; docs/audit.md lists them.
            actor: name or id of a token, a user or an operator's command.
            kind: of the object: product, env, model, agent, key, token, member, workspace.
            tag: of the object.
            since, until: times with their zone; `until` itself is not in it.

        Raises:
            ValidationError: a time without its zone.
        """
        fields = given(
            action=action, actor=actor, kind=kind, tag=tag, product=product, env=env, since=since, until=until
        )
        return all_pages("/api/v1/audit", AuditEntry, body(AuditFilter, fields))

    list = fetch_all
