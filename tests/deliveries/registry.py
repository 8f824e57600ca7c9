"""A registry of images on loopback: what `docker pull` finds once a release is published."""

import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import wait_until
from tests.support.servers import die_with, find_program, free_port


class Registry:
    """Images that were published, below one address."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.images = f"127.0.0.1:{port}/teleinfo"

    def publish(self, image: str, name: str) -> str:
        """Publish a local image under a name, which is not here afterwards; return what to pull."""
        published = f"{self.images}/{name}:latest"
        for command in (("tag", image, published), ("push", "--quiet", published), ("rmi", published)):
            subprocess.run(["docker", *command], check=True, capture_output=True, timeout=600)
        return published

    def answers(self) -> bool:
        """Tell whether it is there."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def started(folder: Path) -> Iterator[Registry]:
    """Start a registry that keeps its images in a folder."""
    port = free_port()
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    file = folder / "registry.json"  # JSON is YAML
    file.write_text(json.dumps(config))
    program = find_program("docker-registry")
    with (
        (folder / "registry.log").open("wb") as log,
        subprocess.Popen([program, "serve", file], stdout=log, stderr=log, preexec_fn=die_with(os.getpid())) as process,
    ):
        try:
            registry = Registry(port)
            wait_until(registry.answers, 60, "the registry answers")
            yield registry
        finally:
            process.kill()
