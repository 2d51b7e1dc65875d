"""`[name(key="value"), ...]`: Llama 3.2, Llama 4 and others that call tools in Python."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence

from ductape.types.messages import ToolDefinition
from workers.models.tool_calls.format import Call, ToolFormat

_JSON_NAMES = {"true": True, "false": False, "null": None}


def parse(body: str, tools: Sequence[ToolDefinition]) -> list[Call | str]:
    try:
        tree = _JsonNames().visit(ast.parse(body.strip(), mode="eval").body)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("not Python") from error
    if not isinstance(tree, ast.List) or not any(isinstance(item, ast.Call) for item in tree.elts):
        raise ValueError("no list of calls")
    return [_call(item) for item in tree.elts]


def _call(item: ast.expr) -> Call | str:
    try:
        if not isinstance(item, ast.Call) or item.args:
            raise ValueError("no call with named arguments")
        arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in item.keywords}
        if None in arguments:
            raise ValueError("arguments without a name")
        return Call(ast.unparse(item.func), json.dumps(arguments, ensure_ascii=False, allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        return ast.unparse(item)


class _JsonNames(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(_JSON_NAMES[node.id]) if node.id in _JSON_NAMES else node


FORMAT = ToolFormat(signs=("func_name1(params_name1=",), parse=parse, lead="[")
