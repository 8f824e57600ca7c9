import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from deploy.compose import certificates
from deploy.compose.accounts import SetupError
from deploy.compose.certificates import CertificateAuthority, read_names


def openssl(*words: str | Path) -> str:
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout


def verify(authority: CertificateAuthority) -> None:
    strictly = ("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", authority.certificate)
    openssl(*strictly, authority.server_certificate)


def days(certificate: Path) -> int:
    lines = openssl("x509", "-in", certificate, "-noout", "-dates", "-dateopt", "iso_8601").split("\n")
    begins, ends = (datetime.fromisoformat(line.partition("=")[2]) for line in lines[:2])
    return (ends - begins).days


def test_a_certificate_of_800_days_is_for_the_names_that_were_given_and_from_our_authority(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    assert authority.prepare(read_names("pi.local, 192.168.1.10"))
    text = openssl("x509", "-in", authority.server_certificate, "-noout", "-text")
    assert "DNS:pi.local, IP Address:192.168.1.10" in text
    verify(authority)
    assert [days(file) for file in (authority.server_certificate, authority.certificate)] == [800, 7300]
    assert {file.stat().st_mode & 0o077 for file in tmp_path.glob("*.key")} == {0}  # for their owner only


def test_nothing_is_made_twice_unless_the_names_change_or_a_kill_left_it_half_done(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    authority.prepare(("localhost",))
    certificate, ca = authority.server_certificate.read_text(), authority.certificate.read_text()
    assert not authority.prepare(("localhost",))
    assert authority.server_certificate.read_text() == certificate
    assert authority.prepare(("localhost", "pi.local"))
    assert authority.server_certificate.read_text() != certificate
    (tmp_path / "server.names").unlink()
    assert authority.prepare(("localhost",))
    assert authority.certificate.read_text() == ca
    authority.certificate.unlink()
    assert authority.prepare(("localhost",))
    verify(authority)


def test_a_certificate_is_renewed_when_fewer_than_60_days_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = CertificateAuthority(tmp_path)
    for left, renewed in ((59, True), (61, True), (800, False)):  # the second because of the first
        monkeypatch.setattr(certificates, "DAYS", left)
        assert authority.prepare(("localhost",)) == renewed


@pytest.mark.parametrize("text", ["pi local$", "a/b", "-x", "x;y", "pi..local", "[::1]"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(SetupError, match="MQTT_NAMES"):
        read_names(text)
