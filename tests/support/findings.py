"""Picks from the findings of `check`."""

from common.doctor.findings import Finding, Status


def worst(findings: list[Finding]) -> Finding:
    return max(findings, key=lambda finding: list(Status).index(finding.status))
