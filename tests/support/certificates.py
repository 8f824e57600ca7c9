"""A certificate authority, made with openssl and not with the project's own code."""

import subprocess
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class CertificateAuthority:
    """Signs certificates; its own is `certificate`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self._key = folder / "ca.crt", folder / "ca.key"
        extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
        self._openssl("req", "-x509", *_NEW_KEY, "-subj", f"/CN={name}", "-days", "30", *extensions,
                      "-keyout", str(self._key), "-out", str(self.certificate))  # fmt: skip
        self._settings = folder / "ca.cnf"
        (folder / "index").touch()
        self._settings.write_text(
            f"[ca]\ndefault_ca = ours\n[ours]\ndatabase = {folder}/index\nnew_certs_dir = {folder}\n"
            f"certificate = {self.certificate}\nprivate_key = {self._key}\nrand_serial = yes\ndefault_md = sha256\n"
            "policy = any\nunique_subject = no\n[any]\ncommonName = supplied\n"
        )

    def sign(self, name: str, valid: str, *, years: tuple[int, int] = (2020, 2040)) -> tuple[Path, Path]:
        """Make a certificate for `valid`, such as IP:127.0.0.1; return it and its key."""
        certificate, key, request, extensions = (self.folder / f"{name}.{end}" for end in ("crt", "key", "csr", "ext"))
        extensions.write_text(f"basicConstraints=CA:FALSE\nsubjectAltName={valid}\n")
        self._openssl("req", "-new", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request))
        start, end = (f"{year}0101000000Z" for year in years)
        self._openssl("ca", "-batch", "-notext", "-config", str(self._settings), "-in", str(request), "-startdate",
                      start, "-enddate", end, "-extfile", str(extensions), "-out", str(certificate))  # fmt: skip
        return certificate, key

    @staticmethod
    def _openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
