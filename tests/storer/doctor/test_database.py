import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.doctor.findings import Status
from storer.doctor.database import diagnose_database
from storer.doctor.database_probe import RIGHTS, DatabaseFacts
from storer.doctor.label_sets import ManyLabelSets
from storer.rollups.state import State

OK, NOTICE, PROBLEM = Status
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOOD = DatabaseFacts(
    where="localhost:3306",
    user="teleinfo",
    name="teleinfodb",
    version="11.8.3-MariaDB-0+deb13u1",
    account="'teleinfo'@'localhost'",
    schema=102,
    newest_schema=102,
    bytes=2_500_000_000,
    frames=31_000_000,
    frames_bytes=775_000_000,
    per_day=86_400.0,
    last=NOW - timedelta(seconds=2),
    rollups=State(NOW - timedelta(minutes=20), None, None),
    free=9_100_000_000,
)
YESTERDAY = (NOW - timedelta(days=1, hours=1), "teleinfo/x/frame", "not JSON")


def test_a_healthy_database_is_ok_and_its_disk_has_a_forecast() -> None:
    found = diagnose_database(GOOD, NOW)
    assert {finding.status for finding in found} == {OK}
    assert found[-1].what.startswith("9.1 GB free: 12 years at 25 bytes")


def test_a_size_that_is_not_measured_says_so() -> None:
    (*_, disk) = diagnose_database(replace(GOOD, measured=False), NOW)
    assert "before page compression" in disk.what


def test_without_the_right_to_delete_label_sets_the_statement_is_shown() -> None:
    found = diagnose_database(replace(GOOD, may_delete_label_sets=False), NOW)
    (finding,) = [one for one in found if one.status is NOTICE]
    assert "GRANT CREATE, DELETE ON teleinfodb.label_sets TO 'teleinfo'@'localhost';" in finding.fix


@pytest.mark.parametrize(
    ("code", "text", "what", "fix"),
    [
        (1045, "", "does not accept the user teleinfo", "ALTER USER 'teleinfo'@'localhost'"),
        (
            1045,
            "Access denied for user 'teleinfo'@'192.168.1.7' (using password: YES) (1045)",
            "does not accept the user teleinfo",
            "ALTER USER 'teleinfo'@'192.168.1.7' IDENTIFIED BY",
        ),
        (
            1044,
            "Access denied for user 'teleinfo'@'%' to database 'teleinfodb' (1044)",
            "rights on the database teleinfodb",
            "ON teleinfodb.* TO 'teleinfo'@'%';",
        ),
        (
            2003,
            "Can't connect ([SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed (_ssl.c:1)) (2003)",
            ": certificate verify failed: self-signed",
            "database.tls.ca",
        ),
        (0, "database.tls.ca: /x cannot be read: No such file", "database.tls.ca: /x cannot be read", "docs"),
        (2013, "Lost connection (timed out) (2013)", "does not answer", "restart mariadb"),
        (1698, "", "does not accept", "database.user"),
        (1044, "", "rights on the database teleinfodb", f"GRANT {', '.join(RIGHTS)} ON teleinfodb.* TO"),
        (1049, "", "there is no database teleinfodb", "CREATE DATABASE teleinfodb"),
        (1130, "", "no account from this machine", "account"),
        (
            2003,
            "Can't connect ([Errno 111] Connection refused) (2003)",
            "nothing listens there",
            "enable --now mariadb",
        ),
        (2003, "Can't connect (timed out)", "timed out", "enable --now mariadb"),
        (0, "the server said something new", "something new", "docs/database.md"),
    ],
)
def test_why_the_server_refuses_the_connection(code: int, text: str, what: str, fix: str) -> None:
    (finding,) = diagnose_database(replace(GOOD, error=text or "no", code=code), NOW)
    assert finding.status is PROBLEM
    assert what in finding.what
    assert fix in finding.fix


def test_a_server_elsewhere_may_be_behind_a_firewall() -> None:
    (finding,) = diagnose_database(replace(GOOD, local=False, error="(timed out)", code=2003), NOW)
    assert "bind-address" in finding.fix


@pytest.mark.parametrize(
    ("facts", "status", "what", "fix"),
    [
        (replace(GOOD, version="10.5.29-MariaDB"), PROBLEM, "too old", "update the server"),
        (replace(GOOD, version="8.0.43"), NOTICE, "not MariaDB", "not tested"),
        (replace(GOOD, read_only=True), PROBLEM, "read-only", "read_only"),
        (replace(GOOD, flush=2), PROBLEM, "power cut", "set it to 1"),
        (replace(GOOD, named_zones=False), NOTICE, "Europe/Paris", "mariadb-tzinfo-to-sql"),
        (
            replace(GOOD, missing_rights=("ALTER", "DROP")),
            PROBLEM,
            "lacks rights on teleinfodb: ALTER, DROP",
            "GRANT ALTER, DROP ON teleinfodb.* TO 'teleinfo'@'localhost';",
        ),
        (replace(GOOD, original=True, schema=None), PROBLEM, "table of the original program", "teleinfo-storer adopt"),
        (replace(GOOD, schema=None), NOTICE, "no tables yet", "when it starts"),
        (replace(GOOD, schema=103), PROBLEM, "102", "update the storer"),
        (replace(GOOD, schema=101), NOTICE, "migrate them to 102", "migrate"),
        (replace(GOOD, schema=15), PROBLEM, "version 15, from before the first release", "use commit"),
        (replace(GOOD, last=None), NOTICE, "no frame", "reader"),
        (replace(GOOD, last=NOW - timedelta(days=3)), PROBLEM, "3 days ago", "storer running"),
        (replace(GOOD, last=NOW + timedelta(hours=2)), NOTICE, "2026-11-24 14:00 UTC, in the future", "timedatectl"),
        (
            replace(GOOD, many_label_sets=(ManyLabelSets("031961123456", 0.98, ("DATE",)),)),
            NOTICE,
            "031961123456 has a new label set in 98% of its frames",
            "hide: [DATE]",
        ),
        (replace(GOOD, free=90_000_000), PROBLEM, "only 90 MB free", "free space"),
        (replace(GOOD, free=120_000_000, per_day=200_000.0), PROBLEM, "24 days", "free space"),
        (replace(GOOD, free=400_000_000), NOTICE, "6 months", "free space"),
        (replace(GOOD, rejected=3, rejected_recently=1, last_rejected=YESTERDAY), NOTICE, "not JSON", "SELECT last_at"),
    ],
)
def test_each_problem_has_its_fix(facts: DatabaseFacts, status: Status, what: str, fix: str) -> None:
    (finding,) = (finding for finding in diagnose_database(facts, NOW) if finding.status is not OK)
    assert finding.status is status
    assert what in finding.what
    assert fix in finding.fix


def test_old_rejections_need_no_action() -> None:
    found = diagnose_database(replace(GOOD, rejected=3, last_rejected=YESTERDAY), NOW)
    assert {finding.status for finding in found} == {OK}


def test_with_few_rows_the_forecast_uses_usual_sizes() -> None:
    what = diagnose_database(replace(GOOD, frames=100, per_day=None), NOW)[-1].what
    assert what.startswith("9.1 GB free: 5 years at 50 bytes")


def test_the_disk_of_another_machine_is_not_checked() -> None:
    assert "another machine" in diagnose_database(replace(GOOD, local=False, free=None), NOW)[-1].what


def test_a_full_table_of_rejections_is_a_problem() -> None:
    facts = replace(GOOD, rejected=20_000, rejected_full=True, last_rejected=YESTERDAY)
    (finding,) = [finding for finding in diagnose_database(facts, NOW) if finding.status is PROBLEM]
    assert "rejected_messages is full" in finding.what
    assert "TRUNCATE rejected_messages" in finding.fix


@pytest.mark.parametrize("tls", [True, False])
def test_a_connection_over_tls_is_named(tls: bool) -> None:
    assert ("over TLS" in diagnose_database(replace(GOOD, tls=tls), NOW)[0].what) is tls


def test_in_a_container_fixes_are_docker_compose_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    bundled = replace(GOOD, local=False, where="mariadb:3306")
    broken = [replace(bundled, error="(refused)", code=code) for code in (1045, 1044, 1049, 2003, 2013)]
    broken += [
        replace(bundled, last=NOW - timedelta(days=3)),
        replace(bundled, missing_rights=("ALTER",)),
        replace(bundled, schema=101),
        replace(bundled, named_zones=False),
    ]
    for facts in broken:
        fixes = "\n".join(finding.fix for finding in diagnose_database(facts, NOW))
        assert "docker compose " in fixes, facts
        assert not re.search(r"sudo|systemctl|(?<!exec storer )teleinfo-storer migrate", fixes), fixes


def rollups(state: State | None, **changes: int) -> tuple[Status, str]:
    (finding,) = [
        finding
        for finding in diagnose_database(replace(GOOD, rollups=state, **changes), NOW)  # type: ignore[arg-type]
        if finding.subject == "Rollups"
    ]
    return finding.status, finding.what


def test_how_far_the_rollups_are_is_said() -> None:
    recent, hour = NOW - timedelta(minutes=20), timedelta(hours=1)
    assert rollups(State(recent, None, None)) == (OK, "minutes and hours are made up to 2026-11-24 11:40 UTC")
    assert "2 hours with late frames" in rollups(State(recent, None, None), late_hours=2)[1]
    status, what = rollups(State(recent, NOW - 49 * hour, NOW))
    assert status is OK
    assert "49 older hours being rebuilt" in what
    assert rollups(State(NOW - 2 * hour, None, None))[0] is PROBLEM
    assert rollups(None)[0] is NOTICE


def test_a_restore_that_was_interrupted_is_a_problem() -> None:
    (finding,) = [one for one in diagnose_database(replace(GOOD, unfinished=True), NOW) if one.status is PROBLEM]
    assert "part of a backup" in finding.what
    assert "restore" in finding.fix


def test_months_that_wait_for_a_backup_are_named() -> None:
    waiting = (datetime(2024, 8, 1, tzinfo=UTC), datetime(2024, 9, 1, tzinfo=UTC))
    (finding,) = [one for one in diagnose_database(replace(GOOD, unsaved=waiting), NOW) if one.status is NOTICE]
    assert "2024-08, 2024-09: changed since the last backup" in finding.what
    assert "backup" in finding.fix
