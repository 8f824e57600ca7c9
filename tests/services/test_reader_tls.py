"""The reader as a process, with a broker over TLS; without TLS it does without OpenSSL, whose import is deferred."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import CertificateAuthority
from tests.support.mqtt_client import MqttClient
from tests.support.programs import Service
from tests.support.servers import Broker, free_port


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority(tmp_path, "our own")


@pytest.fixture
def secure(programs: None, authority: CertificateAuthority, tmp_path: Path) -> Iterator[tuple[Broker, int]]:
    """Start a broker that also listens with TLS; return it and that port."""
    certificate, key = authority.sign("broker", "IP:127.0.0.1")
    folder, port = tmp_path / "broker", free_port()
    folder.mkdir()
    listener = f"listener {port} 127.0.0.1\ncafile {authority.certificate}\ncertfile {certificate}\nkeyfile {key}\n"
    with Broker(folder, config=listener) as broker:
        yield broker, port


@pytest.mark.parametrize("tls", [False, True])
def test_publishes_with_and_without_tls_and_loads_openssl_only_with_it(
    secure: tuple[Broker, int], authority: CertificateAuthority, tmp_path: Path, tls: bool
) -> None:
    broker, port = secure
    mqtt = {"port": port, "tls": {"ca": str(authority.certificate)}} if tls else {"port": broker.port}
    with (
        MqttClient(broker.port, subscribe=("teleinfo/+/frame",)) as client,
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory,
        Service(
            "reader",
            tmp_path,
            {
                "name": "tls",
                "port": "simulate://standard-single-phase-base?speed=50",
                "mqtt": {"host": broker.host, **mqtt},
                "spool": {"journal": f"{memory}/journal", "path": str(tmp_path / "spool")},
            },
        ) as reader,
    ):
        reader.start()
        assert client.wait(lambda: len(client.messages) >= 50), reader.text()
        mapped = Path(f"/proc/{reader.pid}/maps").read_text()
        assert ("libssl" in mapped, "libcrypto" in mapped) == (tls, tls)
        assert reader.stop() == 0


def test_a_broker_with_another_certificate_is_explained(secure: tuple[Broker, int], tmp_path: Path) -> None:
    broker, port = secure
    stranger = CertificateAuthority(tmp_path / "stranger", "another")
    settings = {
        "name": "tls",
        "port": "simulate://standard-single-phase-base",
        "mqtt": {"host": broker.host, "port": port, "tls": {"ca": str(stranger.certificate)}},
        "spool": {"journal": str(tmp_path / "journal"), "path": str(tmp_path / "spool")},
    }
    with Service("reader", tmp_path, settings) as reader:
        reader.start()
        reader.wait_for_log("cannot be reached: .*certificate verify failed.*check mqtt.tls.ca and mqtt.host")
