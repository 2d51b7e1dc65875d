from __future__ import annotations

from django.db import migrations

from control_plane.tenancy.isolation import isolate, key, reference


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0001_isolate_the_first_tables"),
        ("workspaces", "0002_members_and_bindings"),
        ("catalog", "0002_versions_limits_locks"),
        ("agents", "0002_versions_limits_locks"),
        ("idempotency", "0001_initial"),
    ]

    operations = [
        *isolate("workspaces_member"),
        *isolate("catalog_modelversion", model_id="catalog_model"),
        *isolate("agents_agentversion", agent_id="agents_agent"),
        *isolate("idempotency_keptanswer"),
        # Tokens have no policy, being looked up before the workspace is known; what they refer to is their workspace's.
        key("workspaces_accesstoken"),
        reference("workspaces_accesstoken", "member_id", "workspaces_member"),
        reference("workspaces_accesstoken", "replaces_id", "workspaces_accesstoken"),
    ]
