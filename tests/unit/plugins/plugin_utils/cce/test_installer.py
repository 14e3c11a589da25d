"""Windows Installer's own names for things."""

from __future__ import annotations

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import installer

from lab.world.product import cache_key, product_code


@pytest.mark.parametrize(
    ("product_code", "packed"),
    [
        ("{90140000-0011-0000-0000-0000000FF1CE}", "00004109110000000000000000F01FEC"),
        ("{01234567-89ab-cdef-0123-456789abcdef}", "76543210BA98FEDC1032547698BADCFE"),
    ],
)
def test_a_product_code_is_packed_as_windows_installer_does(product_code: str, packed: str) -> None:
    """The first is that of Office Professional Plus 2010, which Windows shows under this very key."""
    assert installer.packed(product_code) == packed


@pytest.mark.parametrize("text", ["", "CloudConnector", "{90140000-0011-0000-0000-0000000FF1C}", "90140000-0011"])
def test_what_is_no_product_code_is_not_packed(text: str) -> None:
    with pytest.raises(ValueError, match="is no product code"):
        installer.packed(text)


def test_the_lab_keeps_its_copies_where_windows_installer_does() -> None:
    assert installer.cache_key(product_code("2.0.1")) == cache_key("2.0.1")


def test_a_program_is_looked_for_in_both_places_of_programs_and_features() -> None:
    assert installer.uninstall_keys("{A}") == [
        r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{A}",
        r"HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall\{A}",
    ]


def test_a_path_with_blanks_has_its_quotes() -> None:
    made = installer.arguments("/i", r"C:\a b\c.msi", r"C:\d e\f.log")
    assert made == ["/i", r'"C:\a b\c.msi"', "/qn", "/norestart", "/l*v", r'"C:\d e\f.log"']
