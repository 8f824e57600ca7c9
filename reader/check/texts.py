"""The texts of `teleinfo-reader check`."""

from pathlib import Path

from common.check.findings import Texts

PROGRAM = "teleinfo-reader"
TEXTS = Texts(Path(__file__).with_name("findings.yaml"), PROGRAM)
