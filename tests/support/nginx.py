"""A real nginx in front of a server."""

import shutil
import socket
import subprocess
from pathlib import Path
from typing import Self

import pytest

from tests.support.programs import WITHIN, wait_until
from tests.support.servers import free_port

_CONF = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""


class Nginx:
    """Listens on a free port of loopback; `users` beside its configuration has alice, with the password secret."""

    def __init__(self, folder: Path, target: int, lines: str = "", locations: str = "") -> None:
        """Prepare; `lines` are more directives of the only location, or `locations` are all of them."""
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        if program is None:
            pytest.fail("nginx is not installed: ./run test installs it", pytrace=False)
        self.port = free_port()
        self._folder = folder / "nginx"
        self._folder.mkdir()
        (self._folder / "users").write_text("alice:{PLAIN}secret\n")
        file = self._folder / "nginx.conf"
        locations = locations or f"location / {{ proxy_pass http://127.0.0.1:{target}; {lines} }}"
        file.write_text(_CONF.format(folder=self._folder, port=self.port, locations=locations))
        self._command = [program, "-p", str(self._folder), "-c", str(file), "-e", str(self._folder / "nginx.log")]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command)
        wait_until(self._answers, WITHIN, "nginx listens")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "nginx.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True
