# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections: to other hosts than the task's own, as a task with `delegate_to` would have them; and which are too unsafe to use.

Ansible gives an action one connection. A site has up to sixteen appliances, which have to be read within seconds of each other,
so one action needs a connection to each. What TaskExecutor does for one host (`_get_connection`, `_set_connection_options`) is
done here for any. This file is the only one that touches what ansible-core does not promise to keep:

- `HostVars._variable_manager` and `HostVars._inventory`: variables of a host within this task. `hostvars[host]` would lack those
  of the play, the role and `vars_files`, in which passwords and transports may stand.
- `ConnectionBase._resolve_option_variables`: which variables are options of the plugin, its extras (`ansible_winrm_*`) included.
- `Task.dump_attrs` and `PlayContext.password`: the keywords of the task, and `--ask-pass`.
- `ActionBase._loader`, `_task`, `_play_context`, and `Task._uuid`: what the first connection was made from.
- `constants.MAGIC_VARIABLE_MAPPING`: the variables that `PlayContext.password` may come from.

`tests/unit/plugins/plugin_utils/bridge/test_connections.py` fails when one of them is gone or means something else.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible import constants
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase, ensure_connect
from ansible.plugins.loader import connection_loader
from ansible.template import Templar

from ..cce.exceptions import OptionError

ENCRYPTING = frozenset({"credssp", "kerberos", "ntlm"})
"""The transports whose messages pywinrm encrypts over HTTP; every other one sends password and requests in clear."""


def connect(action: ActionBase, task_vars: Mapping[str, Any], host: str) -> ConnectionBase:
    """A new connection to a host of the inventory, not opened yet; `become` is left out.

    Raises AnsibleConnectionFailure, which says why there can be none; any other error of ansible-core goes into its message.
    """
    try:
        return _connect(action, task_vars, host)
    except AnsibleError as error:
        raise AnsibleConnectionFailure(f"no connection to {host} can be made: {error}") from None


def _connect(action: ActionBase, task_vars: Mapping[str, Any], host: str) -> ConnectionBase:
    variables = _variables(action, task_vars, host)
    templar = Templar(loader=action._loader, variables=variables)
    given = variables.get("ansible_connection")
    name = action._task.connection if given is None else templar.template(given)
    context = _context(action._play_context, templar.template(variables.get("ansible_host", host)))
    made = connection_loader.get(name, context, task_uuid=action._task._uuid, ansible_playbook_pid=str(os.getppid()))
    if made is None:
        raise AnsibleError(f"the connection plugin {name!r} was not found")
    made.set_options(
        task_keys=_keywords(action, task_vars), var_options=made._resolve_option_variables(variables, templar)
    )
    return made  # type: ignore[no-any-return]


def _variables(action: ActionBase, task_vars: Mapping[str, Any], host: str) -> dict[str, Any]:
    """What the host's variables are within this task; templates in them are not resolved."""
    hostvars = task_vars["hostvars"]
    found = hostvars._inventory.get_host(host)
    if found is None:
        raise AnsibleError("it is not in the inventory")
    variables: dict[str, Any] = hostvars._variable_manager.get_vars(
        play=action._task.get_play(), host=found, task=action._task
    )
    return variables


def _context(own: PlayContext, address: str) -> PlayContext:
    """A plugin that takes its address from here instead of from an option must not reach the task's own host."""
    context: PlayContext = own.copy()
    context.remote_addr = address
    return context


def _keywords(action: ActionBase, task_vars: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of the task that are options of a connection; `timeout` and `retries` mean something else there."""
    keywords: dict[str, Any] = action._task.dump_attrs()
    del keywords["retries"]
    keywords["timeout"] = action._play_context.timeout
    if action._play_context.password and not _has_password(action, task_vars):
        keywords["password"] = action._play_context.password
    return keywords


def _has_password(action: ActionBase, task_vars: Mapping[str, Any]) -> bool:
    """Whether the password of the task's own host may come from its variables: it is not another host's business then.

    TaskExecutor puts that into the PlayContext, where otherwise the one of `--ask-pass` stands, which is meant for all hosts.
    """
    delegated = task_vars.get("ansible_delegated_vars", {}).get(action._task.delegate_to, {})
    names = constants.MAGIC_VARIABLE_MAPPING["password"]
    return any(name in variables for name in names for variables in (task_vars, delegated))


@ensure_connect
def _ensured(connection: ConnectionBase) -> None:
    """Nothing to do with it: `ensure_connect` has logged on."""


def log_on(connection: object) -> bool:
    """Log on where a connection plugin is not connected yet; raises what the plugin raises.

    Returns:
        Whether it is known that the connection stands. It is not of anything but a plugin, such as the connections of tests,
        which log on by themselves when they run a command.
    """
    if not isinstance(connection, ConnectionBase):
        return False
    _ensured(connection)
    return True


def refuse_unsafe(connection: object) -> None:
    """Refuse a connection that is not supported, or that would send secrets in clear. Nothing is sent for that.

    The first message of Basic has the password, so whether the host would have allowed it does not matter.

    Raises:
        OptionError: with the variable to change as its remedy.
    """
    if not isinstance(connection, ConnectionBase):
        return
    if connection.transport != "winrm":
        raise OptionError(
            f"Only ansible_connection winrm is supported, this is {connection.transport}.",
            "Set ansible_connection: winrm.",
        )
    if _scheme(connection) != "http":
        return
    clear = [name for name in _transports(connection) if name not in ENCRYPTING]
    if clear:
        raise OptionError(
            f"The transport {', '.join(clear)} over HTTP would send the password and all requests unencrypted.",
            "Use HTTPS (ansible_winrm_scheme: https, ansible_port: 5986) or ansible_winrm_transport: credssp.",
        )
    if _extra(connection, "message_encryption", "auto") not in ("auto", "always"):
        raise OptionError(
            "Without message encryption all requests, secrets included, would go over HTTP in clear.",
            "Remove ansible_winrm_message_encryption, or use HTTPS (ansible_winrm_scheme: https, ansible_port: 5986).",
        )


def warnings_of(connection: object) -> list[str]:
    """What a person should know of a connection that is used all the same, a sentence each."""
    if not isinstance(connection, ConnectionBase) or connection.transport != "winrm":
        return []
    if _scheme(connection) == "http" or _extra(connection, "server_cert_validation", "validate") != "ignore":
        return []
    return [
        f"The certificate of {connection.get_option('remote_addr')} is not checked (ansible_winrm_server_cert_validation: "
        "ignore): whoever answers at this address gets the password. Set ansible_winrm_ca_trust_path to the CA that signed it."
    ]


def _scheme(connection: ConnectionBase) -> str:
    """`http` or `https`, as the winrm plugin decides it."""
    given = connection.get_option("scheme")
    return given or ("http" if connection.get_option("port") == 5985 else "https")


def _transports(connection: ConnectionBase) -> list[str]:
    """The transports that are tried over HTTP, as the winrm plugin decides it."""
    given = connection.get_option("transport")
    if given and given[0] is not None:
        return list(given)
    return ["kerberos"] if "@" in (connection.get_option("remote_user") or "") else ["plaintext"]


def _extra(connection: ConnectionBase, name: str, default: str) -> Any:
    """An option that only the plugin's library knows."""
    return (connection.get_option("_extras") or {}).get(f"ansible_winrm_{name}", default)
