"""What the built collection holds: the product, and nothing of the lab or of our tools."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = {
    "CHANGELOG.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("build")
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run([galaxy, "collection", "build", "--output-path", folder], cwd=ROOT, check=True)
    (artifact,) = folder.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        return archive.getnames()


def test_only_the_product_is_shipped(names: list[str]) -> None:
    assert {Path(name).parts[0] for name in names} <= SHIPPED


def test_the_bridge_is_shipped(names: list[str]) -> None:
    assert {"plugins/plugin_utils/bridge/bridge.ps1", "plugins/plugin_utils/bridge/windows_update.ps1"} <= set(names)


def test_no_cache_is_shipped(names: list[str]) -> None:
    assert not [name for name in names if "__pycache__" in name]
