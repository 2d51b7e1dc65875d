from __future__ import annotations

import builtins
from abc import abstractmethod

from ductape.call import Call, Flow
from ductape.resources.base import UNSET, Resource, Unset, all_pages, body, given
from ductape.resources.overrides import ModelConfigLike
from ductape.sending import TransportT, operation
from ductape.types.config import Resolved
from ductape.types.runs import ResolveRequest
from ductape.types.versions import Diff, Rollback, RollbackPreview, Version


class History(Resource[TransportT]):
    """What models and agents have in common: they resolve to settings, and every state of theirs is kept."""

    @abstractmethod
    def _path(self, product: str | None, *tag: str) -> str: ...

    @operation
    def resolve(
        self,
        *,
        tag: str,
        product: str | None = None,
        env: str | None = None,
        model_config: ModelConfigLike | Unset = UNSET,
    ) -> Call[Resolved]:
        """What a run would use, without running: each value, the layer that set it and what it beat.

        Raises:
            ValidationError: a value is beyond a limit or locked; the message names the layer.
        """
        fields = body(ResolveRequest, given(env=self._settings.env_or(env), model_config=model_config))
        return Call("POST", self._path(product, tag, "resolve"), Resolved.model_validate, body=fields, harmless=True)

    @operation
    def versions(self, *, tag: str, product: str | None = None) -> Flow[builtins.list[Version]]:
        """All versions, oldest first."""
        return all_pages(self._path(product, tag, "versions"), Version)

    @operation
    def version(self, *, tag: str, number: int, product: str | None = None) -> Call[Version]:
        return Call("GET", self._path(product, tag, "versions", str(number)), Version.model_validate)

    @operation
    def compare(
        self, *, tag: str, product: str | None = None, before: int | Unset = UNSET, after: int | Unset = UNSET
    ) -> Call[Diff]:
        """What differs between two versions: the latest and the one before it unless given."""
        query = {name: str(number) for name, number in given(before=before, after=after).items()}
        return Call("GET", self._path(product, tag, "diff"), Diff.model_validate, query=query)

    @operation
    def preview_rollback(self, *, tag: str, to: int, product: str | None = None) -> Call[RollbackPreview]:
        """What `rollback` would change, and what would not come back."""
        fields = body(Rollback, {"to": to, "preview": True})
        url = self._path(product, tag, "rollback")
        return Call("POST", url, RollbackPreview.model_validate, body=fields, harmless=True)
