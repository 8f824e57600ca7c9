"""What the YAML files of commit 61720cba say of the household is in the page's settings after an update."""

import json

from common.machine.version import __version__
from tests.install.machine import Machine
from tests.support.servers import Broker

METER = "031961123456"
MONITOR = f"""\
auth: none
database: {{unix_socket: /run/mysqld/mysqld.sock, password: change-me}}
mqtt: {{host: HOST, port: PORT}}
# what I pay
contracts:
  - {{meter: "{METER}", from: 2025-09-01, offer: mine, power: 9}}
meters: {{"{METER}": Maison}}
prices: /etc/teleinfo/prices.yaml
alerts: {{to: ["json://127.0.0.1:9/secret"], budget: 120}}
"""
STORER = """\
database: {unix_socket: /run/mysqld/mysqld.sock, password: change-me}
mqtt: {host: HOST, port: PORT}
retention: {frames: 24 months}
sources:
  - {name: roof, kind: production, topic: solar/roof, power: ""}
"""
PRICES = "offers: [{id: mine, rows: [{from: 2025-08-01, kwh: {BASE: 0.1780}, subscription: {9: 19.10}}]}]\n"
SQL = (
    "CREATE USER 'teleinfo-monitor'@'localhost' IDENTIFIED BY 'change-me';"
    "GRANT SELECT, SHOW VIEW ON teleinfodb.* TO 'teleinfo-monitor'@'localhost';"
)
SHOWN = "mariadb --batch --raw --skip-column-names teleinfodb --execute 'SELECT section, HEX(value) FROM settings'"


def test_it_is_taken_over_and_both_services_run(older: Machine, broker: Broker) -> None:
    older.run("mariadb", "--execute", SQL)
    packages = [f"teleinfo-{name}_{__version__}_all.deb" for name in ("storer", "monitor")]
    assert older.install_packages(*packages).returncode == 0
    for name, text in {"monitor": MONITOR, "storer": STORER, "prices": PRICES}.items():
        text = text.replace("HOST", broker.host).replace("PORT", str(broker.port))
        older.path(f"/etc/teleinfo/{name}.yaml").write_text(text)
    older.run("chmod", "644", "/etc/teleinfo/prices.yaml")
    # As an update does: it gives the rights that an account of then lacks.
    older.run("dpkg", "--install", *(f"/srv/dist/{name}" for name in packages))
    assert older.try_("systemctl", "start", "teleinfo-storer").returncode != 0
    older.run("systemctl", "start", "teleinfo-monitor")
    older.wait("systemctl is-active teleinfo-storer teleinfo-monitor", lambda text: text.split() == ["active"] * 2)

    rows = dict(line.split("\t") for line in older.run("sh", "-c", SHOWN).splitlines())
    found = {name: json.loads(bytes.fromhex(value)) for name, value in rows.items()}
    assert found["contracts"][0]["offer"] == "mine"
    assert found["meters"][METER]["name"] == "Maison"
    assert found["prices"]["offers"][0]["id"] == "mine"
    assert found["budget"]["euros"] == 120
    assert found["retention"]["frames"] == 24
    assert [source["name"] for source in found["sources"]] == ["roof"]
    assert "secret" not in str(found)
    state = older.run("grep", "-lr", "secret", "/var/lib/teleinfo-monitor").strip()
    assert older.run("stat", "-c", "%A %U", state).split() == ["-rw-------", "teleinfo-monitor"]
    for name, kept in {"monitor": {"auth", "database", "mqtt"}, "storer": {"database", "mqtt"}}.items():
        file = older.path(f"/etc/teleinfo/{name}.yaml")
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert {line.partition(":")[0] for line in lines} == kept
        assert older.run("stat", "-c", "%A %U:%G", f"/etc/teleinfo/{name}.yaml").strip() == (
            f"-rw-r----- root:teleinfo-{name}"
        )
    older.run("mariadb", "--execute", "DROP USER 'teleinfo-monitor'@'localhost'")
