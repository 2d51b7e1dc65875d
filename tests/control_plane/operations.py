"""Every operation of /api/v1, from the URL conf: a new one cannot be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from control_plane.workspaces.models import Scope

PREFIX = "api/v1/"
SAFE = {"GET"}


@dataclass(frozen=True)
class Operation:
    method: str
    route: str
    """As in the URL conf, without the prefix and the kinds of the arguments: `products/<product>`."""
    view: type[Any]

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def changes(self) -> bool:
        return self.method not in SAFE and self.view.needs != Scope.READ

    def path(self, arguments: Mapping[str, str]) -> str:
        return re.sub(r"<(\w+)>", lambda name: arguments[name[1]], self.route)


def operations() -> list[Operation]:
    return sorted(_operations(get_resolver().url_patterns, ""), key=str)


def _operations(patterns: list[Any], before: str) -> Iterator[Operation]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _operations(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith(PREFIX):
            view = pattern.callback.view_class  # type: ignore[attr-defined]  # every view of ours is a class
            named = re.sub(r"<\w+:(\w+)>", r"<\1>", route.removeprefix(PREFIX))
            methods = [name.upper() for name in view.http_method_names if hasattr(view, name)]
            yield from (Operation(method, named, view) for method in methods if method not in {"OPTIONS", "HEAD"})
