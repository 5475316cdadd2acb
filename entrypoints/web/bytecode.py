"""Compiled templates, kept between starts: compiling them takes most of a second of each process.

What is read from the folder is run, so every file carries a seal made with the server's secret. Whatever does not have
it, is damaged, or was compiled of something else counts as not there, and a folder that cannot be written costs only
the time.
"""

import hmac
import os
import sys
import tempfile
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_SEAL_BYTES = 32


class SealedBytecode(BytecodeCache):
    """Files in `folder`, which is made for its owner alone. `basis` is what results depend on besides the source."""

    def __init__(self, folder: Path, secret: bytes, basis: str) -> None:
        self._folder = folder
        self._secret = secret
        self._basis = f"{version('jinja2')} {sys.version} {basis}"
        with suppress(OSError):
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """One file per template wherever it is installed, so that nothing piles up."""
        return super().get_cache_key(name)

    def get_source_checksum(self, source: str) -> str:
        """Of all that the compiled template comes from."""
        return sha256(f"{self._basis}\0{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket if there is a file with our seal."""
        with suppress(OSError):
            content = (self._folder / bucket.key).read_bytes()
            seal, code = content[:_SEAL_BYTES], content[_SEAL_BYTES:]
            if hmac.compare_digest(seal, self._seal(bucket.key, code)):
                bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the bucket's file whole or not at all."""
        code = bucket.bytecode_to_string()
        with suppress(OSError):
            handle, aside = tempfile.mkstemp(dir=self._folder)
            try:
                with open(handle, "wb") as file:
                    file.write(self._seal(bucket.key, code) + code)
                os.replace(aside, self._folder / bucket.key)
            except OSError:
                os.unlink(aside)

    def _seal(self, key: str, code: bytes) -> bytes:
        return hmac.digest(self._secret, f"compiled template {key}\0".encode() + code, "sha256")
