"""Addresses of images, signed, so that the browser gets those that a page shows and no others.

/picture/<project>/<version>/<row>?side=192&key=...     a row of a project's images
/file/<what>?key=...                                    any file that a page chose to show
"""

import base64
import hashlib
import hmac
import json
import secrets
from functools import lru_cache
from pathlib import Path

from projects.project import PROJECTS, Project

from images.small_files import SIDES, Box
from imgcls.file_lock import one_at_a_time
from imgcls.files import replacing

SECRET = PROJECTS / ".secret"  # stays, so that the browser's cache holds after a restart
LENGTH = 32  # bytes


def picture_addresses(project: Project, version: int, side: int = SIDES[1]) -> str:
    """What the address of every row of a version's images is made of: `{row}` stands for the number of the row.

    Example:
        `picture_addresses(project, 3).format(row=17)`
    """
    what = f"/picture/{project.name}/{version}/{{row}}?side={side}"
    return f"{what}&key={sign(images_of(project, version, side))}"


def picture_address(project: Project, version: int, row: int, side: int = SIDES[1]) -> str:
    """The address of one row of a version's images: `row` is its index in the manifest's table."""
    return picture_addresses(project, version, side).format(row=row)


def images_of(project: Project, version: int, side: int | str) -> str:
    """What the key of a version's images stands for: another project of the same name has other keys."""
    return f"{project.name}/{project.created}/{version}/{side}"


def file_address(path: Path, box: Box | None = None, side: int = SIDES[1]) -> str:
    """The address of a small image of any file."""
    what = base64.urlsafe_b64encode(json.dumps([str(path), box, side]).encode()).decode().rstrip("=")
    return f"/file/{what}?key={sign(what)}"


def read_file_address(what: str) -> tuple[Path, Box | None, int]:
    """What `file_address` was made of: path, box and side. Check the key first."""
    path, box, side = json.loads(base64.urlsafe_b64decode(what + "=" * (-len(what) % 4)))
    return Path(path), None if box is None else tuple(box), int(side)


def sign(what: str) -> str:
    """The key that proves that a page of this app made an address."""
    return hmac.new(_secret(SECRET.absolute()), what.encode(), hashlib.sha256).hexdigest()[:LENGTH]


def is_signed(what: str, key: str) -> bool:
    """Whether a key belongs to what is asked for."""
    return hmac.compare_digest(sign(what), key)


@lru_cache(maxsize=8)
def _secret(file: Path) -> bytes:
    """What addresses are signed with, made if there is none. What is no whole secret is replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(file.with_name(f"{file.name}-lock")):  # so that two who start agree
        secret = file.read_bytes() if file.is_file() else b""
        if len(secret) != LENGTH:
            secret = secrets.token_bytes(LENGTH)
            with replacing(file) as partial:
                partial.touch(0o600)
                partial.write_bytes(secret)
    return secret
