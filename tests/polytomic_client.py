"""Drives a Polytomic server with the official client: BASE_URL and the client's era, `put` or `patch`.

Prints `ok` when every call did what it should; any failed assertion ends the process with an error.
"""

import sys

from polytomic.client import Polytomic


def connect(base_url, era):
    """A client of the era, and the type of its policy actions. Only the newer one can retry, which would hide errors."""
    if era == "put":
        from polytomic.types import PolicyAction

        return Polytomic(base_url=base_url, version="2025-09-18", token="key", max_retries=0), PolicyAction
    from polytomic import V2PolicyAction

    return Polytomic(base_url=base_url, polytomic_version="2022-12-12", token="key"), V2PolicyAction


def bindings(policy):
    """The actions that some role may do."""
    return {action.action: sorted(action.role_ids) for action in policy.policy_actions if action.role_ids}


def refused(status, call, *args, **kwargs):
    """Whether a call fails with this status."""
    try:
        call(*args, **kwargs)
    except Exception as error:  # the eras have different base classes
        assert getattr(error, "status_code", None) == status, error
        return True
    return False


def check_roles(roles):
    created = roles.create(name="Analysts").data
    assert (created.name, created.system) == ("Analysts", False)
    assert roles.get(created.id).data == created

    listed = {role.name: role for role in roles.list().data}
    assert listed["Analysts"].id == created.id
    assert listed["Admin"].system and listed["Member"].system
    assert refused(403, roles.update, listed["Admin"].id, name="Root")

    renamed = roles.update(created.id, name="Data analysts").data
    assert (renamed.id, renamed.name) == (created.id, "Data analysts")
    assert roles.get(created.id).data.name == "Data analysts"
    return created.id


def check_policies(policies, action, role):
    created = policies.create(name="Reports", policy_actions=[action(action="read", role_ids=[role])]).data
    assert bindings(created) == {"read": [role]}
    assert {action.action for action in created.policy_actions} >= {"apply_policy", "create", "read", "edit", "delete"}
    assert created.id in {policy.id for policy in policies.list().data}

    edit = [action(action="edit", role_ids=[role])]
    updated = policies.update(created.id, name="All reports", policy_actions=edit).data
    assert (updated.id, updated.name, bindings(updated)) == (created.id, "All reports", {"edit": [role]})
    read = policies.get(created.id).data
    assert (read.name, bindings(read)) == ("All reports", {"edit": [role]})

    unknown = [action(action="read", role_ids=["00000000-0000-4000-8000-000000000000"])]
    assert refused(404, policies.update, created.id, name="All reports", policy_actions=unknown)
    return created.id


def check_deletes(client, role, policy):
    policies, roles = client.permissions.policies, client.permissions.roles
    roles.delete(role)
    assert refused(404, roles.get, role)
    assert bindings(policies.get(policy).data) == {"edit": [role]}, "the id stays behind"
    policies.delete(policy)
    assert refused(404, policies.get, policy)


def check_idempotency(roles):
    """Only the newer client has the argument."""
    first = roles.create(name="Once", idempotency_key="polytomic-client-1").data
    assert roles.create(name="Once", idempotency_key="polytomic-client-1").data == first
    assert [role.name for role in roles.list().data].count("Once") == 1
    assert refused(400, roles.create, name="Once", idempotency_key="short")


def main(base_url, era):
    client, action = connect(base_url, era)
    role = check_roles(client.permissions.roles)
    policy = check_policies(client.permissions.policies, action, role)
    check_deletes(client, role, policy)
    if era == "put":
        check_idempotency(client.permissions.roles)
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
