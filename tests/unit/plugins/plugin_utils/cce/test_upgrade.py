from __future__ import annotations

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import upgrade
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import parse

WITH_JOBS = [step.name for step in upgrade.STEPS if step.job]


@pytest.mark.parametrize("module", WITH_JOBS)
def test_a_job_leads_back_to_the_step_that_began_it(module: str) -> None:
    found = upgrade.step_of_job(upgrade.job_name(module, parse("2.1.0")))
    assert found is not None
    assert (found[0].name, found[1]) == (module, "2.1")


def test_one_version_has_one_job_however_it_is_written() -> None:
    assert {upgrade.job_name("deployment", parse(text)) for text in ("2.1", "2.1.0", "02.1")} == {"install-2.1"}


@pytest.mark.parametrize("job", ["cleanup-2.1", "install", "install-", "install-new", "configuration-2.1", "-2.1", ""])
def test_another_job_is_of_no_upgrade(job: str) -> None:
    assert upgrade.step_of_job(job) is None
