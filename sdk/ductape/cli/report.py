from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ductape.stack import Stack
from ductape.types.config import Resolved, ResolvedSetting
from ductape.types.runs import Run


def print_run(run: Run, console: Console) -> None:
    console.print()
    console.print(_settings(run.resolved))
    console.print(f"{_usage(run)}\n{_timing(run)}", markup=False)


def print_admin(stack: Stack) -> None:
    """Where the admin is. The password goes to the terminal of whoever started the stack, and nowhere else."""
    known = stack.credentials
    password = known.admin_password or "(known to whoever created the workspace)"
    Console(highlight=False).print(
        f"\nAdmin     {stack.control_url}/admin/ (while `ductape up` runs)\n"
        f"          user {known.admin_user}, password {password}",
        markup=False,
        soft_wrap=True,
    )


def print_addresses(stack: Stack) -> None:
    Console(highlight=False).print(
        f"\nControl   {stack.control_url}        DUCTAPE_BASE_URL\n"
        f"Runner    {stack.runner_url}\n"
        f"Admin     {stack.control_url}/admin/ (user {stack.credentials.admin_user})\n"
        f"Secrets   {stack.credentials_file} holds the access key (DUCTAPE_ACCESS_KEY) and the admin's password\n"
        f"Logs      {stack.logs_dir}\n\nCtrl-C stops it.",
        markup=False,
        soft_wrap=True,
    )


def _settings(resolved: Resolved) -> Table:
    table = Table("setting", "value", "set by", "beat", title=f"Resolved settings of {resolved.model}, {resolved.env}")
    for name, setting in sorted(resolved.settings.items()):
        table.add_row(*map(Text, (name, json.dumps(setting.value), setting.layer, _beaten(setting))))
    return table


def _beaten(setting: ResolvedSetting) -> str:
    return ", ".join(f"{json.dumps(loser.value)} ({loser.layer})" for loser in setting.beat)


def _usage(run: Run) -> str:
    used = run.token_usage
    return f"Tokens    {used.prompt_tokens} in, {used.completion_tokens} out, {used.total_tokens} in all"


def _timing(run: Run) -> str:
    timing = run.timing
    if timing is None:
        return "Timing    unknown"
    first = timing.time_to_first_token
    if first is None or first >= timing.total:
        return f"Timing    {timing.total / 1000:.2f} s in all"
    rate = max(run.token_usage.completion_tokens - 1, 0) / (timing.total - first) * 1000
    return f"Timing    {first / 1000:.2f} s to the first token, {timing.total / 1000:.2f} s in all, {rate:.1f} tokens/s"
