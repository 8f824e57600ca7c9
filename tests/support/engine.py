"""Docker's command: what the engine could not begin is begun again.

On a busy machine the engine's own first process in a container sometimes ends before the command has begun, and
`docker exec` says: OCI runtime exec failed … waiting for init preliminary setup: read init-p: connection reset by peer.
Nothing of the command has run then, so it may be given again.
"""

import subprocess
from collections.abc import Sequence
from typing import Any

_NOT_BEGUN = "waiting for init preliminary setup"
_TIMES = 3


def run_docker(command: Sequence[str], **options: Any) -> "subprocess.CompletedProcess[Any]":
    """Run a command of Docker to its end, with its output kept; `options` are those of `subprocess.run`."""
    for _ in range(_TIMES):
        done = subprocess.run(command, capture_output=True, check=False, **options)
        if done.returncode == 0 or _NOT_BEGUN not in f"{done.stdout}{done.stderr}":
            break
    return done
