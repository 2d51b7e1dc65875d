from __future__ import annotations

import subprocess
import sys

import ductape

HEAVY = {
    "requests",
    "aiohttp",
    "pydantic",
    "cryptography",
    "typer",
    "rich",
    "workers",
    "control_plane",
    "django",
    "torch",
}

MEASURE = """
import pathlib, re, sys, time
start = time.perf_counter()
from ductape import Ductape
milliseconds = (time.perf_counter() - start) * 1000
client = Ductape(access_key="dts_x")
kilobytes = re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]
print(milliseconds, int(kilobytes) / 1024, *sys.modules)
"""


def test_the_import_is_quick_small_and_loads_nothing_heavy() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True) for _ in range(3)
    ]
    milliseconds, megabytes, *modules = min(runs, key=lambda run: float(run.stdout.split()[0])).stdout.split()
    assert float(milliseconds) < 150
    assert float(megabytes) < 40
    assert not HEAVY & {module.partition(".")[0] for module in modules}


def test_the_exported_names_are_these() -> None:
    exported = {name for name, value in vars(ductape).items() if isinstance(value, type)}
    assert (
        sorted(exported)
        == ductape.__all__
        == [
            "APIError",
            "AsyncDuctape",
            "AuthenticationError",
            "BadRequestError",
            "ConfigurationError",
            "ConflictError",
            "Ductape",
            "DuctapeConnectionError",
            "DuctapeError",
            "DuctapeTimeoutError",
            "NotFoundError",
            "PermissionDeniedError",
            "PreconditionFailedError",
            "RateLimitError",
            "ServerError",
            "ValidationError",
        ]
    )
