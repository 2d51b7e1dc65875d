"""What happens between fork and exec of every child: `python -I -S launch.py PARENT DEATH_SIGNAL IDENTITY COMMAND...`.

Run by path, standard library only, so that it costs milliseconds. It makes the kernel send DEATH_SIGNAL when the
parent is gone (where the kernel can), and gives PostgreSQL, which refuses uid 0, another identity:

same         keep the caller's
namespace    a user namespace in which the caller is not root; files stay the caller's
nobody       really become the user nobody
"""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import signal
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter a user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"65534 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"65534 {gid} 1")


def _become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def _die_with(parent: int, death_signal: int) -> None:
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal)
    # The parent may have died before the kernel was asked.
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def main(parent: str, death_signal: str, identity: str, *command: str) -> None:
    if identity == "namespace":
        _enter_namespace()
    if identity == "nobody":
        _become_nobody()
    # After the change of identity, which clears it.
    _die_with(int(parent), int(death_signal))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    # A core file would hold keys.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execvp(command[0], command)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{sys.argv[4]}: {error}")
