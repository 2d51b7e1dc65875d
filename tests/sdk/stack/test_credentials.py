from __future__ import annotations

import json
from pathlib import Path

import pytest

from ductape.stack import StackError, credentials

CREATED = {
    "created": True,
    "workspace": "w",
    "admin_user": "admin",
    "admin_password": "hunter2",
    "access_key": "dts_hunter2",
}
FOUND = CREATED | {"created": False, "admin_password": None, "access_key": None}


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    return tmp_path / "bootstrap.json"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "credentials.json"


def test_secrets_of_the_first_start_are_kept_for_the_next(answer: Path, kept: Path) -> None:
    for said in (CREATED, FOUND):
        answer.write_text(json.dumps(said))
        credentials.keep_answer(answer, kept)
    assert credentials.read(answer, kept).access_key == "dts_hunter2"


def test_a_workspace_that_others_created_has_no_secrets_here(answer: Path, kept: Path) -> None:
    answer.write_text(json.dumps(FOUND))
    credentials.keep_answer(answer, kept)
    found = credentials.read(answer, kept)
    assert (found.workspace, found.admin_password, found.access_key) == ("w", None, None)


def test_an_answer_that_was_cut_off_is_an_error(answer: Path, kept: Path) -> None:
    answer.write_text('{"created": tr')
    credentials.keep_answer(answer, kept)
    with pytest.raises(StackError, match="no workspace was created"):
        credentials.read(answer, kept)


def test_credentials_do_not_show_their_secrets(answer: Path, kept: Path) -> None:
    answer.write_text(json.dumps(CREATED))
    assert "hunter2" not in repr(credentials.read(answer, kept))
