"""Members of libraries that they do not document and that we cannot do without: all of them, in one list.

With one of them renamed, a password would go out in clear text, or a broker would end each connection. So a program
that does not find them does not start; the upper bounds in `pyproject.toml` keep untested versions away.
"""

from collections.abc import Mapping

from common.errors import ConfigError

#: By distribution.
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "PyMySQL": ("_request_authentication", "_process_auth"),  # no password to a server that was not verified
    "paho-mqtt": ("_max_inflight_messages", "_in_packet", "_handle_pubrec"),  # the broker's limits; its reasons
    "uvicorn": ("send_400_response", "app", "client", "loop", "transport"),  # connections that end
}


def check_members(distribution: str, owner: object) -> None:
    """Check that an object, or a class, of a library has what we use of it.

    Raises:
        ConfigError: it has not.
    """
    missing = [name for name in MEMBERS[distribution] if not hasattr(owner, name)]
    if missing:
        raise ConfigError(
            f"this version of {distribution} has no {' and no '.join(missing)}, which this program needs:"
            " install the version that requirements/run.txt names"
        )
