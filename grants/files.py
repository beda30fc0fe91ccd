"""Files, kept by the SHA-256 of their content under the instance folder, outside the web root."""

import hashlib
import os
import tempfile
from pathlib import Path

from flask import current_app


def folder() -> Path:
    """Where files lie; created on first use."""
    path = Path(current_app.config["INSTANCE"]) / "files"
    path.mkdir(parents=True, exist_ok=True)
    return path


def path_of(sha256: str) -> Path:
    """Path of a stored file. Two folder levels keep directories small."""
    return folder() / sha256[:2] / sha256


def put(content: bytes) -> str:
    """Store bytes and return their SHA-256; the file is complete and on disk before it has its name."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = path_of(sha256)
    if target.exists():
        os.utime(target)  # it is wanted again: whoever clears away what is old leaves it
        return sha256
    target.parent.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return sha256


def get(sha256: str) -> bytes:
    """The bytes of a stored file. Raises FileNotFoundError."""
    return path_of(sha256).read_bytes()
