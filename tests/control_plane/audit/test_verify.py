from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from control_plane.audit.actions import Action
from control_plane.audit.linking import HASHED, link
from control_plane.audit.services import Subject, write_entry
from control_plane.workspaces.models import Workspace
from tests.control_plane.tenancy.conftest import Database

pytestmark = pytest.mark.django_db(transaction=True)


def audit(*arguments: str) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def log(transactional_db: None) -> Workspace:
    """A workspace whose chain has five entries."""
    workspace = Workspace(id=uuid4(), tag="acme")
    for number in range(5):
        write_entry(Action.MODEL_UPDATED, Subject(workspace.id, "model", uuid4(), f"m{number}"), after={"n": "é\x00"})
    return workspace


@pytest.fixture
def tamper(owner: Database) -> Callable[[str], None]:
    """What nobody can do but the owner of the tables."""

    def change(statement: str) -> None:
        owner.execute("SELECT set_config('ductape.workspace', 'every', false)")
        owner.execute(statement)
        owner.commit()

    return change


def test_an_untouched_log_is_as_it_was_written(log: Workspace) -> None:
    assert audit("verify") == "5 entries in 1 chains: all as written\n"


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        *((f"UPDATE audit_entry SET {column} = 'x' WHERE seq = 2", 2) for column in ("tag", "actor_name", "details")),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET hash = sha256('x') WHERE seq = 4", 4),
        ("DELETE FROM audit_entry WHERE seq = 1", 2),
        ("DELETE FROM audit_entry WHERE seq = 3", 4),
        ("UPDATE audit_entry SET seq = 13 WHERE seq = 3", 4),
        ("UPDATE audit_entry SET lane = 1 WHERE seq = 5", 5),
    ],
)
def test_the_first_broken_link_is_named(
    log: Workspace, tamper: Callable[[str], None], statement: str, seq: int
) -> None:
    tamper(statement)
    with pytest.raises(CommandError, match=f"workspace {log.id} lane . entry {seq} "):
        audit("verify")


def test_a_cut_end_is_seen_with_a_head_that_was_kept(log: Workspace, tamper: Any, tmp_path: Any) -> None:
    kept = tmp_path / "heads"
    kept.write_text(audit("head"))
    assert kept.read_text().startswith(f"{log.id}\t0\t5\t")
    assert audit("verify", "--heads", str(kept)) == "5 entries in 1 chains and 1 kept heads: all as written\n"

    tamper("DELETE FROM audit_entry WHERE seq > 3")

    assert "all as written" in audit("verify")
    with pytest.raises(CommandError, match=f"{log.id} lane 0 entry 5 was in a kept head and is gone"):
        audit("verify", "--heads", str(kept))


def test_a_chain_that_was_written_anew_is_seen_with_a_kept_head(log: Workspace, tamper: Any, tmp_path: Any) -> None:
    kept = tmp_path / "heads"
    kept.write_text(audit("head"))
    tamper("DELETE FROM audit_entry")
    for number in range(5):
        write_entry(Action.MODEL_UPDATED, Subject(log.id, "model", uuid4(), f"other{number}"))

    assert "all as written" in audit("verify")
    with pytest.raises(CommandError, match=r"entry 5 .* written anew"):
        audit("verify", "--heads", str(kept))


def test_what_is_no_file_of_heads_is_refused(log: Workspace, tmp_path: Any) -> None:
    (tmp_path / "heads").write_text("5 entries\n")
    for path, message in (("heads", "what `audit head` printed"), ("none", "No such file")):
        with pytest.raises(CommandError, match=message):
            audit("verify", "--heads", str(tmp_path / path))


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
@settings(max_examples=50)
def test_only_the_same_words_hash_the_same(one: list[str], other: list[str]) -> None:
    one, other = ([word.encode("utf-8", "ignore").decode() for word in words] for words in (one, other))
    assert (link(b"", one) == link(b"", other)) == (one == other)
    assert link(b"x", one) != link(b"", one)


def test_everything_but_the_hash_itself_is_hashed() -> None:
    from control_plane.audit.models import Entry

    assert {field.column for field in Entry._meta.concrete_fields} - {"hash"} == set(HASHED)
