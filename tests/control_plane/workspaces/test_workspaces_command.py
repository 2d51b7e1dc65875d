from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from control_plane.workspaces.models import Workspace


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("workspaces", *arguments, stdout=out)
    return out.getvalue()


def test_a_workspace_is_created_and_listed(db: None) -> None:
    assert "tokens issue acme" in said("create", "acme", "--name", "Acme Ltd")
    said("create", "beta")
    assert said("list") == "acme\tAcme Ltd\nbeta\tbeta\n"


def test_a_taken_tag_is_refused(acme: Workspace) -> None:
    with pytest.raises(CommandError, match="already"):
        said("create", "acme")


@pytest.mark.parametrize("tag", ["Acme", "a b", "-x", "x" * 64])
def test_what_is_no_tag_is_refused(db: None, tag: str) -> None:
    with pytest.raises(CommandError, match="no tag"):
        said("create", "--", tag)
    assert not Workspace.objects.exists()
