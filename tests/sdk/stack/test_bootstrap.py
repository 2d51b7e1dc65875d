from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ductape.stack import Stack, StackError, StackOptions


def test_migrations_that_fail_are_one_line_with_the_reason(options: StackOptions, tmp_path: Path) -> None:
    with Stack(options) as services:
        with psycopg.connect(services.database_owner_url) as database:
            database.execute("CREATE ROLE weak LOGIN")
        weak = services.database_url.replace("ductape_app@", "weak@")
        whole = replace(options, data=tmp_path / "whole", services_only=False, database_url=weak)
        with pytest.raises(StackError, match=r"^bootstrap stopped \(exit status \d+\): .*permission denied") as caught:
            Stack(whole).__enter__()
    assert "\n" not in str(caught.value)
