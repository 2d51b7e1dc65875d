"""The OpenAPI document, as tests look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jsonschema_rs import Draft202012Validator

from control_plane.api.openapi import document

Json = dict[str, Any]
Names = dict[str, tuple[str, str]]
"""Parameter of a path -> what alice has under it, what nobody has."""


@dataclass(frozen=True)
class Described:
    """One operation of the document."""

    method: str
    path: str
    body: Json

    def __str__(self) -> str:
        return str(self.body["operationId"])

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def query(self) -> str:
        """What must stand behind the path."""
        needed = [each for each in self.body["parameters"] if each["in"] == "query" and each["required"]]
        return "?" + urlencode({each["name"]: each["example"] for each in needed}) if needed else ""

    @property
    def scopes(self) -> list[str]:
        return [scope for needed in self.body["security"] for scope in needed["accessToken"]]

    @property
    def on_runner(self) -> bool:
        return self.path.startswith("/v1/")

    @property
    def mutates(self) -> bool:
        return self.method != "GET"

    @property
    def request(self) -> Json | None:
        """Schema and example of the body."""
        given: Json | None = self.body.get("requestBody")
        return given and given["content"]["application/json"]

    def answer(self, status: int) -> Json:
        """Schema and example of an answer. Raises: KeyError: the document does not know this status."""
        answers = self.body["responses"]
        found = answers["5XX"] if status >= 500 else answers[str(status)]
        answer: Json = resolved(found)["content"]["application/json"]
        return answer

    def matches(self, path: str) -> bool:
        return re.fullmatch(re.sub(r"{\w+}", "[^/]+", self.path), path) is not None


@cache
def the_document() -> Json:
    return document()


@cache
def operations() -> list[Described]:
    paths = the_document()["paths"]
    return [
        Described(method.upper(), path, body)
        for path, item in paths.items()
        for method, body in item.items()
        if method != "servers"
    ]


def resolved(value: Json) -> Json:
    while "$ref" in value:
        place: Any = the_document()
        for part in value["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        value = place
    return value


def faults(schema: Json, value: object) -> list[str]:
    """Why a value is not what a schema of the document says."""
    validator = Draft202012Validator({**schema, "components": the_document()["components"]})
    return [error.message for error in validator.iter_errors(value)]


def check_answer(method: str, path: str, status: int, body: object) -> None:
    """An answer of the API is one that the document describes, unless it is to a request that it does not know."""
    for operation in operations():
        if operation.method == method and operation.matches(path):
            assert faults(operation.answer(status)["schema"], body) == []
