from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Everything that is written down. The word before the dot is the kind of the object."""

    WORKSPACE_CREATED = "workspace.created"
    MEMBER_CREATED = "member.created"
    MEMBER_UPDATED = "member.updated"
    MEMBER_DELETED = "member.deleted"
    TOKEN_CREATED = "token.created"  # noqa: S105  # a word, no token
    TOKEN_ROTATED = "token.rotated"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    PRODUCT_CREATED = "product.created"
    PRODUCT_UPDATED = "product.updated"
    PRODUCT_DELETED = "product.deleted"
    PRODUCT_PROMOTED = "product.promoted"
    PRODUCT_KEY_ROTATED = "product.key_rotated"
    ENV_CREATED = "env.created"
    ENV_UPDATED = "env.updated"
    ENV_DELETED = "env.deleted"
    MODEL_CREATED = "model.created"
    MODEL_UPDATED = "model.updated"
    MODEL_DELETED = "model.deleted"
    AGENT_CREATED = "agent.created"
    AGENT_UPDATED = "agent.updated"
    AGENT_DELETED = "agent.deleted"
    KEY_SET = "key.set"
    """Given with a model, or to be verified."""
    KEY_ACTIVATED = "key.activated"
    """Its provider accepted it."""
    KEY_REJECTED = "key.rejected"
    KEY_REVOKED = "key.revoked"
    KEY_EXPIRED = "key.expired"
    """It retired and its overlap is over, or it waited too long."""
    KEY_REMOVED = "key.removed"
    KEY_OPENED = "key.opened"
    """Once a run, before its call."""
    KEY_UNREADABLE = "key.unreadable"
    """A run did not get its key: the row was moved or edited, or this process lacks what opens it."""
    KEYRING_CHANGED = "keyring.changed"
    """A key of the installation was promoted, retired, restored or destroyed."""
    SECRETS_REWRITTEN = "secrets.rewritten"
    """Rows of a table were written anew under the present keys."""
    USER_CREATED = "user.created"
    USER_UPDATED = "user.updated"
    USER_DELETED = "user.deleted"
