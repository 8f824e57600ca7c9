import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from deploy.compose import certificates
from deploy.compose.accounts import SetupError
from deploy.compose.certificates import CertificateAuthority, read_names


def test_the_certificate_is_for_the_names_that_were_given_and_from_our_authority(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    assert authority.prepare(read_names("pi.local, 192.168.1.10"))
    text = subprocess.run(
        ["openssl", "x509", "-in", str(authority.server_certificate), "-noout", "-text"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "DNS:pi.local, IP Address:192.168.1.10" in text
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", str(authority.certificate)]
    subprocess.run([*verify, str(authority.server_certificate)], check=True, capture_output=True)


def test_nothing_is_made_twice_unless_the_names_change(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    authority.prepare(("localhost",))
    certificate, ca = authority.server_certificate.read_text(), authority.certificate.read_text()
    assert not authority.prepare(("localhost",))
    assert authority.server_certificate.read_text() == certificate
    assert authority.prepare(("localhost", "pi.local"))
    assert authority.server_certificate.read_text() != certificate
    assert authority.certificate.read_text() == ca


def test_a_certificate_is_renewed_when_fewer_than_60_days_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = CertificateAuthority(tmp_path)
    for days, renewed in ((59, True), (61, True), (800, False)):  # the second because of the first
        monkeypatch.setattr(certificates, "DAYS", days)
        assert authority.prepare(("localhost",)) == renewed


def test_a_certificate_lasts_800_days_and_its_authority_20_years(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    authority.prepare(("localhost",))
    for file, days in ((authority.server_certificate, 800), (authority.certificate, 7300)):
        dates = ["openssl", "x509", "-in", str(file), "-noout", "-dates", "-dateopt", "iso_8601"]
        lines = subprocess.run(dates, capture_output=True, text=True, check=True).stdout.split("\n")
        begins, ends = (datetime.fromisoformat(line.partition("=")[2]) for line in lines[:2])
        assert (ends - begins).days == days


def test_what_a_kill_left_half_done_is_done_again(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    authority.prepare(("localhost",))
    (tmp_path / "server.names").unlink()
    assert authority.prepare(("localhost",))
    authority.certificate.unlink()
    assert authority.prepare(("localhost",))
    verify = ["openssl", "verify", "-CAfile", str(authority.certificate), str(authority.server_certificate)]
    subprocess.run(verify, check=True, capture_output=True)


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    CertificateAuthority(tmp_path).prepare(("localhost",))
    assert {file.stat().st_mode & 0o077 for file in tmp_path.glob("*.key")} == {0}


@pytest.mark.parametrize("text", ["pi local$", "a/b", "-x", "x;y", "pi..local", "[::1]"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(SetupError, match="MQTT_NAMES"):
        read_names(text)
