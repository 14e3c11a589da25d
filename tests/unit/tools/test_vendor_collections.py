"""What is taken out of the wheel of the community package."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.tools.vendor_collections import unpack

WINDOWS = "ansible_collections/ansible/windows/"
REBOOT = "plugins/action/win_reboot.py"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "ansible.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(WINDOWS + REBOOT, "reboot")
        archive.writestr("ansible_collections/cisco/ios/README.md", "unwanted")
    return path


def test_only_the_wanted_folders_are_unpacked(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    assert unpack(wheel, [WINDOWS], target) == 1
    assert (target / WINDOWS / REBOOT).read_text() == "reboot"
    assert not (target / "ansible_collections/cisco").exists()


def test_a_missing_folder_is_named(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="does not hold ansible_collections/awx/awx/"):
        unpack(wheel, [WINDOWS, "ansible_collections/awx/awx/"], tmp_path)
