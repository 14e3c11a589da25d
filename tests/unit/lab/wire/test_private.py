"""Files with secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from lab.server import inventory
from lab.wire.auth import CredentialFile
from lab.wire.certificates import CertificateAuthority
from lab.wire.private import NEW_SECONDS, PrivateFolder, remove_left_over, write_private
from lab.world.demo import DEMO
from lab.world.description import describe
from lab.world.fleet import build

KILLED = """
import os, signal
from lab.wire.private import PrivateFolder
folder = PrivateFolder("lab-test-")
(folder.path / "secret").write_text("x")
os.kill(os.getpid(), signal.SIGKILL)
"""


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def grow_old(folder: Path) -> None:
    then = time.time() - NEW_SECONDS - 10
    os.utime(folder, (then, then))


def test_a_file_that_was_there_is_tightened_and_emptied(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a longer text")
    file.chmod(0o644)
    write_private(file, b"short")
    assert (mode(file), file.read_bytes()) == (0o600, b"short")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        write_private(tmp_path / "link", b"x")
    assert not (tmp_path / "elsewhere").exists()


def test_keys_and_inventory_are_private(tmp_path: Path) -> None:
    for name in ("inventory.yml", "fleet.pem"):
        (tmp_path / name).touch(0o644)
    fleet = describe(DEMO)
    authority = CertificateAuthority(tmp_path)
    authority.server_context("fleet", ["127.0.0.1"])
    inventory.write(build(fleet), fleet, tmp_path, tmp_path / "inventory.yml", authority.certificate)
    assert [mode(tmp_path / name) for name in ("inventory.yml", "fleet.pem", "ca.key")] == [0o600] * 3
    assert fleet.account.password in (tmp_path / "inventory.yml").read_text("utf-8")


def test_the_folder_of_a_killed_process_goes_and_that_of_a_living_one_stays(temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, cwd=Path(__file__).parents[4], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = temporary.iterdir()
    living = PrivateFolder("lab-test-")
    (temporary / "lab-test-of-others").mkdir()
    remove_left_over("lab-test-")
    assert left.exists()  # so young that its owner may be about to lock it
    for folder in temporary.iterdir():
        grow_old(folder)
    remove_left_over("lab-test-")
    assert sorted(temporary.iterdir()) == sorted([living.path, temporary / "lab-test-of-others"])
    living.remove()
    assert not living.path.exists()


def test_a_start_removes_what_a_killed_lab_left(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[str] = []
    monkeypatch.setattr("lab.wire.auth.remove_left_over", removed.append)
    from lab.wire import auth

    auth._clean_up.cache_clear()
    files = [CredentialFile("one"), CredentialFile("two")]
    for file in files:
        file.update({"a": "b"})
    (folder, _) = temporary.glob("lab-accounts-*")
    assert removed == ["lab-accounts-"] and mode(folder) == 0o700
    for file in files:
        file.remove()
    assert not list(temporary.iterdir())
