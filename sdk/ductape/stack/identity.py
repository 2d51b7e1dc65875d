from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

from ductape.stack.child import LAUNCH, Identity
from ductape.stack.environment import base_environment
from ductape.stack.errors import StackError


def identity_for_postgres(program: Path, data: Path) -> Identity:
    """Which identity PostgreSQL, which refuses to run as root, can take here.

    Raises:
        StackError: we are root and it can take none.
    """
    if os.geteuid() != 0:
        return "same"
    if _works("namespace", program, data):
        return "namespace"
    _let_nobody_through(data)
    if _works("nobody", program, data):
        return "nobody"
    raise StackError(
        f"PostgreSQL refuses to run as root, and the user nobody cannot reach {program.parent} and {data}: "
        "run as an ordinary user, or set DATABASE_URL"
    )


def give_to(identity: Identity, folder: Path) -> None:
    """Makes a folder with all that is in it the identity's own, if another had it before."""
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody")
    uid, gid = (nobody.pw_uid, nobody.pw_gid) if identity == "nobody" else (0, 0)
    if folder.stat().st_uid == uid:
        return
    for path in (*folder.rglob("*"), folder):
        os.chown(path, uid, gid, follow_symlinks=False)


def _let_nobody_through(data: Path) -> None:
    # Through, not in: what lies in the data directory has modes of its own.
    os.chown(data, -1, pwd.getpwnam("nobody").pw_gid)
    data.chmod(0o710)


def _works(identity: Identity, program: Path, data: Path) -> bool:
    launch = [sys.executable, "-I", "-S", LAUNCH, str(os.getpid()), str(int(signal.SIGKILL)), identity]
    reach = 'test -x "$1" && cd "$2"'
    tried = subprocess.run(
        [*launch, "/bin/sh", "-c", reach, "sh", str(program), str(data)],
        env=base_environment(),
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0
