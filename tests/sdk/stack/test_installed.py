from __future__ import annotations

import pytest

from ductape.stack import StackError, installed


def test_a_missing_wheel_says_what_to_install_or_to_set() -> None:
    with pytest.raises(StackError, match=r"pip install 'ductape\[.*\]', or set DATABASE_URL"):
        installed.folder_of("no_such_wheel", "DATABASE_URL")


def test_a_complete_installation_lacks_nothing() -> None:
    installed.require_server()
    installed.require_host()
