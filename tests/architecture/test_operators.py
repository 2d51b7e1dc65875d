from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2] / "control_plane"
WAYS_IN = ("as_operator", "scopes_disabled", "set_config", "EVERY_WORKSPACE")


def may_see_all(path: Path) -> bool:
    return path.parts[0] == "tenancy" or path.match("console/middleware.py") or path.match("management/commands/*.py")


def test_only_the_admin_and_commands_see_every_workspace() -> None:
    sources = [path.relative_to(ROOT) for path in ROOT.rglob("*.py")]
    using = [path for path in sources if any(word in (ROOT / path).read_text() for word in WAYS_IN)]

    assert [path for path in using if not may_see_all(path)] == []
    assert Path("console/middleware.py") in using
