"""Ductape on one machine: PostgreSQL, Valkey, control, runner and host as one process tree."""

from ductape.stack.errors import StackError as StackError
from ductape.stack.options import StackOptions as StackOptions
from ductape.stack.stack import Stack as Stack
