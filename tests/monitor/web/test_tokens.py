import hashlib
import json
from pathlib import Path

import pytest

from monitor.web.tokens import Tokens

NOW = 1_795_613_527.0


def test_a_token_is_found_until_it_is_revoked_also_after_a_restart(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "state")
    token, text = tokens.add("Grafana", NOW)
    other, _ = tokens.add("script", NOW + 60)
    again = Tokens(tmp_path / "state")
    assert again.find(text) == token
    assert [one.name for one in again.all()] == ["Grafana", "script"]
    assert again.remove(token.id) == token
    assert again.remove(token.id) is None
    assert again.find(text) is None
    assert list(Tokens(tmp_path / "state").all()) == [other]


def test_the_file_has_only_digests_and_is_its_owners_alone(tmp_path: Path) -> None:
    token, text = Tokens(tmp_path).add("Grafana", NOW)
    file = tmp_path / "tokens.json"
    assert file.stat().st_mode & 0o777 == 0o600
    (line,) = json.loads(file.read_text())["tokens"]
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert line == {"id": token.id, "name": "Grafana", "since": NOW, "digest": digest}
    assert len(text) == 43  # 32 bytes


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tokens": [{}]}', '{"tokens": 1}', "\udcff"])
def test_a_file_that_is_damaged_opens_nothing_and_is_said(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tokens.json").write_text(text, errors="surrogateescape")
    assert list(Tokens(tmp_path).all()) == []
    assert "damaged" in caplog.text


def test_one_that_cannot_be_kept_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    tokens = Tokens(tmp_path / "state")
    with pytest.raises(OSError, match="exists"):
        tokens.add("Grafana", NOW)
    assert list(tokens.all()) == []
