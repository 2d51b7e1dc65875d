"""One example of each type in the OpenAPI document, all from one small shop."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ductape.types import agents, answers, audit, entities, keys, members, runs, tokens, versions
from ductape.types.config import Resolved

_MADE = {"created_at": "2026-11-22T09:00:00Z", "updated_at": "2026-11-22T09:00:00Z"}
_ENVIRONMENT = {"slug": "dev", "name": "Development", "description": "", "active": True, **_MADE}
_KEY = {
    "set": True,
    "hint": "aB3x",
    "version": 1,
    "created_at": "2026-11-22T09:00:00Z",
    "last_used_at": None,
}
_SETTING = {"value": 0.2, "layer": "agent", "beat": [{"layer": "default", "value": 0.7}]}
_RESOLVED = {
    "model": "gpt",
    "provider": "openai",
    "model_name": "gpt-5",
    "inline": False,
    "env": "dev",
    "settings": {"temperature": _SETTING},
    "limits": {"max_tokens": [{"layer": "model", "min": None, "max": 4000}]},
    "locks": {"top_p": "model"},
    "dropped": [],
    "fallbacks": [
        {
            "model": "claude",
            "resolved": None,
            "reason": {"code": "model_not_found", "message": "no model 'claude' here"},
        }
    ],
}
_CHANGES = [{"path": "settings.temperature", "kind": "changed", "before": 0.7, "after": 0.2}]
_RUN = {
    "execution_id": "0199c7a4-5c00-7000-8000-000000000005",
    "status": "completed",
    "stop_reason": "stop",
    "product": "shop",
    "env": "dev",
    "agent": "helper",
    "key_version": 1,
    "attempt": 1,
    "output": "Grüezi!",
    "iterations": 1,
    "token_usage": {
        "prompt_tokens": 21,
        "completion_tokens": 3,
        "total_tokens": 24,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "cost": None,
    },
    "timing": {"total": 812.4, "time_to_first_token": 301.9},
    "conversation_history": [
        {"role": "system", "content": "You help customers of the shop."},
        {"role": "user", "content": "Say hello in Swiss German."},
        {"role": "assistant", "content": "Grüezi!"},
    ],
    "resolved": _RESOLVED,
    "models_tried": [{"model": "gpt", "model_version": 1, "key_version": 1, "error": None}],
    "error": None,
    "created_at": "2026-11-22T09:30:00Z",
    "finished_at": "2026-11-22T09:30:01Z",
}

_TOKEN = {
    "id": "0199c7a4-5c00-7000-8000-000000000006",
    "name": "ci",
    "shown": "dts_4kTz9QwB",
    "scopes": ["read", "run"],
    "products": ["shop"],
    "envs": None,
    "member": None,
    "replaces": None,
    "created_at": "2026-11-22T09:00:00Z",
    "expires_at": "2027-02-20T09:00:00Z",
    "revoked_at": None,
    "last_used_at": None,
}

_EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    answers.Service: {"service": "ductape", "version": "v1", "runner_url": None},
    tokens.TokenCreate: {"name": "ci", "scopes": ["read", "run"], "products": ["shop"]},
    tokens.TokenRotate: {"grace_hours": 24},
    tokens.AccessToken: _TOKEN,
    tokens.IssuedToken: {**_TOKEN, "token": "dts_(shown once)"},
    tokens.CurrentToken: {
        "id": "0199c7a4-5c00-7000-8000-000000000006",
        "name": "ci",
        "workspace": "default",
        "member": None,
        "role": None,
        "scopes": ["read", "run"],
        "products": ["shop"],
        "envs": None,
        "expires_at": "2027-02-20T09:00:00Z",
    },
    members.MemberCreate: {"user": "alice", "role": "developer"},
    members.MemberUpdate: {"role": "viewer"},
    members.Member: {
        "id": "0199c7a4-5c00-7000-8000-000000000007",
        "user": "alice",
        "role": "developer",
        **_MADE,
    },
    answers.Deleted: {"deleted": True, "tag": "shop"},
    entities.ProductCreate: {"name": "Shop", "envs": [{"slug": "dev"}, {"slug": "prd", "name": "Production"}]},
    entities.ProductUpdate: {"description": "Everything that customers see"},
    entities.Product: {
        "id": "0199c7a4-5c00-7000-8000-000000000001",
        "tag": "shop",
        "name": "Shop",
        "description": "",
        "envs": [_ENVIRONMENT],
        **_MADE,
    },
    entities.ProductDeleted: {"deleted": True, "tag": "shop", "contents": {"models": 2, "agents": 3, "runs": 140}},
    entities.SealingKeyRotate: {"grace_minutes": 10},
    entities.SealingKey: {
        "installation": "ins_4f1c2a9be07d6853",
        "product_id": "0199c7a4-5c00-7000-8000-000000000001",
        "pk_id": "pk_9d3e51c07ab2f864",
        "public_key": "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "fingerprint": "6bdd84af6bf78ed5893e4aeb1a6ae63a",
        "retiring": [{"pk_id": "pk_07a1e35d90c4be28", "taken_until": "2026-11-22T09:10:00Z", "needed_by": 2}],
    },
    entities.EnvironmentInput: {"slug": "qa", "name": "Tests"},
    entities.EnvironmentUpdate: {"active": False},
    entities.Environment: _ENVIRONMENT,
    entities.ModelCreate: {
        "tag": "gpt",
        "name": "GPT-5",
        "provider": "openai",
        "model": "gpt-5",
        "max_tokens": 2000,
        "limits": {"max_tokens": {"max": 4000}},
        "locks": ["top_p"],
        "fallback": {"models": ["claude"], "when": ["retryable", "timeout", "circuit_open", "context_length_exceeded"]},
        "envs": [{"slug": "dev", "sealed_api_key": "dseal1.pk_9d3e51c07ab2f864.pQx0T8...", "key_hint": "aB3x"}],
    },
    entities.ModelUpdate: {"temperature": 0.2, "envs": [{"slug": "dev", "active": False}]},
    entities.Model: {
        "id": "0199c7a4-5c00-7000-8000-000000000003",
        "tag": "gpt",
        "name": "GPT-5",
        "description": "",
        "provider": "openai",
        "model": "gpt-5",
        "settings": {"max_tokens": 2000},
        "local": None,
        "limits": {"max_tokens": {"min": None, "max": 4000}},
        "locks": ["top_p"],
        "fallback": {"models": ["claude"], "when": ["retryable", "timeout", "circuit_open"]},
        "envs": [{"slug": "dev", "base_url": None, "active": True, "description": "", "api_key": _KEY}],
        "version": 1,
        **_MADE,
    },
    keys.KeyRotate: {
        "sealed_api_key": "dseal1.pk_9d3e51c07ab2f864.pQx0T8...",
        "key_hint": "cD7y",
        "overlap": "24h",
    },
    keys.KeyVersion: {
        "version": 1,
        "state": "retiring",
        "hint": "aB3x",
        "created_at": "2026-11-22T09:00:00Z",
        "last_used_at": "2026-11-22T09:30:00Z",
        "overlap_until": "2026-11-23T09:30:00Z",
    },
    keys.KeyVerify: {"product": "shop", "model": "gpt", "env": "dev", "version": 2},
    keys.ModelTest: {"product": "shop", "model": "gpt", "env": "dev"},
    keys.ModelTested: {"ok": True, "latency_ms": 212.5, "key_version": 1, "code": None, "message": None},
    agents.AgentDefine: {
        "tag": "helper",
        "model": "gpt",
        "model_config": {"temperature": 0.2},
        "system_prompt": "You help customers of the shop.",
        "termination": {"timeout": 60000},
    },
    agents.Agent: {
        "id": "0199c7a4-5c00-7000-8000-000000000004",
        "tag": "helper",
        "name": "helper",
        "description": "",
        "model": "gpt",
        "model_config": {"temperature": 0.2},
        "system_prompt": "You help customers of the shop.",
        "tools": [],
        "termination": {"timeout": 60000},
        "memory": {},
        "human_in_loop": {},
        "envs": [],
        "version": 1,
        "warnings": [],
        **_MADE,
    },
    runs.ResolveRequest: {"env": "dev", "model_config": {"max_tokens": 500}},
    Resolved: _RESOLVED,
    runs.Readiness: {
        "env": "dev",
        "ready": False,
        "items": [
            {
                "kind": "model",
                "tag": "gpt",
                "ready": True,
                "reason": None,
                "fallbacks": [
                    {
                        "model": "claude",
                        "ready": False,
                        "reason": {"code": "model_not_found", "message": "no model 'claude' here; check the tag"},
                    }
                ],
            },
            {
                "kind": "agent",
                "tag": "helper",
                "ready": False,
                "reason": {"code": "model_not_found", "message": "no model 'claude' here; check the tag"},
                "fallbacks": [],
            },
        ],
    },
    audit.AuditEntry: {
        "id": "0199c7a4-5c00-7000-8000-000000000008",
        "at": "2026-11-22T09:00:00Z",
        "action": "model.updated",
        "kind": "model",
        "object_id": "0199c7a4-5c00-7000-8000-000000000003",
        "tag": "gpt",
        "product": "shop",
        "env": None,
        "actor": {
            "kind": "token",
            "id": "0199c7a4-5c00-7000-8000-000000000006",
            "name": "ci",
            "member": None,
            "request_id": "req_0199c7a45c0070008000000000000000",
            "address": "192.0.2.7",
        },
        "before": {"settings": {"temperature": 0.7}},
        "after": {"settings": {"temperature": 0.2}},
        "details": {"version": 2},
        "lane": 0,
        "seq": 17,
        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
    versions.Version: {
        "number": 1,
        "author": "ci",
        "message": "",
        "created_at": "2026-11-22T09:00:00Z",
        "content": {"name": "GPT-5", "settings": {"max_tokens": 2000}},
    },
    versions.Diff: {"before": 1, "after": 2, "changes": _CHANGES},
    versions.Rollback: {"to": 1, "message": "too cold"},
    versions.Promote: {"from_env": "dev", "to_env": "prd"},
    versions.PromotionPlan: {
        "from_env": "dev",
        "to_env": "prd",
        "changes": [{"path": "models.gpt", "kind": "added", "before": None, "after": {"active": True}}],
        "missing_keys": ["gpt"],
        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "applied": False,
    },
    runs.RunCreate: {"product": "shop", "env": "dev", "agent": "helper", "input": "Say hello in Swiss German."},
    runs.Run: _RUN,
}


def example_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Raises: KeyError: the type has no example yet; add one above."""
    if issubclass(kind, answers.Page):
        [item] = kind.__pydantic_generic_metadata__["args"]
        return {"data": [_EXAMPLES[item]], "next_cursor": None}
    return _EXAMPLES[kind]
