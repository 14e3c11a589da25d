# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections to other hosts than the task's own, as a task with `delegate_to` would have them.

Ansible gives an action one connection. A site has up to sixteen appliances, which have to be read within seconds of each other,
so one action needs a connection to each. What TaskExecutor does for one host (`_get_connection`, `_set_connection_options`) is
done here for any. This file is the only one that touches what ansible-core does not promise to keep:

- `HostVars._variable_manager` and `HostVars._inventory`: variables of a host within this task. `hostvars[host]` would lack those
  of the play, the role and `vars_files`, in which passwords and transports may stand.
- `ConnectionBase._resolve_option_variables`: which variables are options of the plugin, its extras (`ansible_winrm_*`) included.
- `Task.dump_attrs` and `PlayContext.password`: the keywords of the task, and `--ask-pass`.

`tests/unit/plugins/plugin_utils/test_connections.py` fails when one of them is gone or means something else.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible.template import Templar


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
    made.set_options(task_keys=_keywords(action), var_options=made._resolve_option_variables(variables, templar))
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


def _keywords(action: ActionBase) -> dict[str, Any]:
    """The keywords of the task that are options of a connection; `timeout` and `retries` mean something else there."""
    keywords: dict[str, Any] = action._task.dump_attrs()
    del keywords["retries"]
    keywords["timeout"] = action._play_context.timeout
    if action._play_context.password:
        keywords["password"] = action._play_context.password
    return keywords
