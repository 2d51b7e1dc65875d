"""Answers as the server gives them."""

from __future__ import annotations

from typing import Any

ACCESS_KEY = "dts_canary-access-key-0123456789"
NOW = "2026-01-02T03:04:05Z"

ENVIRONMENT: dict[str, Any] = {
    "slug": "dev",
    "name": "Development",
    "description": "",
    "active": True,
    "created_at": NOW,
    "updated_at": NOW,
}
PRODUCT: dict[str, Any] = {
    "id": "p1",
    "tag": "shop",
    "name": "Shop",
    "description": "",
    "envs": [ENVIRONMENT],
    "created_at": NOW,
    "updated_at": NOW,
}
MODEL: dict[str, Any] = {
    "id": "m1",
    "tag": "gpt",
    "name": "GPT",
    "description": "",
    "provider": "openai",
    "model": "gpt-4-turbo",
    "settings": {"temperature": 0.7},
    "local": None,
    "envs": [
        {
            "slug": "dev",
            "base_url": "https://stored.example/v1",
            "active": True,
            "description": "",
            "api_key": {"set": True, "hint": "abcd", "version": 1, "created_at": NOW, "last_used_at": None},
        }
    ],
    "version": 1,
    "created_at": NOW,
    "updated_at": NOW,
}
AGENT: dict[str, Any] = {
    "id": "a1",
    "tag": "helper",
    "name": "Helper",
    "description": "",
    "model": "gpt",
    "model_config": {"max_tokens": 50},
    "system_prompt": "You help.",
    "envs": [{"slug": "dev", "active": True, "model_config": {}}],
    "version": 1,
    "warnings": [],
    "created_at": NOW,
    "updated_at": NOW,
}
RUN: dict[str, Any] = {
    "execution_id": "run_1",
    "status": "completed",
    "stop_reason": "stop",
    "product": "shop",
    "env": "dev",
    "agent": "helper",
    "output": "Grüße 🌍",
    "iterations": 1,
    "resolved": {"model": "gpt", "provider": "openai", "model_name": "gpt-4-turbo", "env": "dev", "settings": {}},
    "created_at": NOW,
}
ACCESS_TOKEN: dict[str, Any] = {
    "id": "t1",
    "name": "ci",
    "shown": "dts_canary-a",
    "scopes": ["read"],
    "products": None,
    "envs": None,
    "member": None,
    "replaces": None,
    "created_at": NOW,
    "expires_at": NOW,
    "revoked_at": None,
    "last_used_at": None,
}
CURRENT_TOKEN: dict[str, Any] = {
    "id": "t1",
    "name": "ci",
    "workspace": "acme",
    "member": "carol",
    "role": "viewer",
    "scopes": ["read"],
    "products": ["shop"],
    "envs": None,
    "expires_at": NOW,
}
MEMBER: dict[str, Any] = {"id": "u1", "user": "carol", "role": "viewer", "created_at": NOW, "updated_at": NOW}
