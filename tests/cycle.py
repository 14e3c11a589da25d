"""The bench for modules beside an upgrade: nothing is given to a module but where things are, and what the test says."""

from __future__ import annotations

from typing import Any

from lab.world.building import SERVICE_PASSWORD
from tests.bench import HOST, JOB, OURS, Bench

CREDENTIALS = [
    {"account_type": "TenantAdmin", "user": "cceadmin@contoso.onmicrosoft.com", "password": "tenant-secret"},
    {"account_type": "ExternalCert", "password": SERVICE_PASSWORD},
    {"account_type": "CceService", "password": SERVICE_PASSWORD},
    {"account_type": "CABackupFile", "password": "backup-secret"},
]
"""Everything a registration asks for, mostly as the lab has it cached."""


class Cycle(Bench):
    """An appliance at 2.1, by default without an older set, and the cycle of every module on it."""

    def __init__(self, *, before: str = "health", backup: str | None = None, **more: Any) -> None:
        super().__init__(before, **more)
        if backup:
            self.appliance.backup = backup

    def options(self, module: str) -> dict[str, Any]:
        """Where things are, and who runs what is always a job."""
        return {**self.reach(HOST), **(JOB if module == "directories" else {})}

    def run(self, cmdlet: str, **parameters: Any) -> dict[str, Any]:
        """Runs a cmdlet as a person at the console of the host would."""
        step = {"name": "it", "cmdlet": cmdlet, "parameters": parameters}
        return self.lab.connection(HOST).exchange({"protocol": 1, "steps": [step], "answers": []})

    def must(self, module: str, **options: Any) -> dict[str, Any]:
        """What the module returns, having succeeded."""
        result: dict[str, Any] = self.do(module, **options)
        assert "failed" not in result, result["msg"]
        return result

    def refused(self, module: str, **options: Any) -> str:
        """The message of a module that fails and has changed nothing."""
        result = self.do(module, **options)
        assert result["failed"] is True and self.changes() == [], result
        return str(result["msg"])

    def cycle(self, module: str, cmdlet: str, **options: Any) -> dict[str, Any]:
        """Check, do, do again, judged by the lab's record; returns what the doing returned."""
        predicted = self.must(module, check=True, **options)
        assert predicted["changed"] and self.changes() == []
        done = self.must(module, **options)
        assert done["changed"] and done["changes"] == predicted["changes"] and self.ran(cmdlet)
        again = self.must(module, **options)
        assert not again["changed"] and self.changes() == []
        return done

    def files(self) -> str:
        """The text of every file on the appliance and on the share of its site."""
        network = self.lab.world.network
        walks = [(self.computer.files, "C:\\"), *((network.files, drive) for drive in network.shares)]
        return "\n".join(
            f"{path} {files.read(path).decode('utf-8', 'replace')}"
            for files, root in walks
            for path, entry in files.walk(root)
            if not files.is_folder(path)
        )

    def record(self, name: str) -> str | None:
        """The text of one of our records."""
        return self.text(rf"{OURS}\records\{name}.json")
