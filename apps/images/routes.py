"""Answers the addresses of images: the only ones beside Streamlit's own."""

from pathlib import Path

from projects.project import PROJECTS, open_project
from projects.versions import OF_PEOPLE, manifest_of
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from images.addresses import images_of, is_signed, read_file_address
from images.small_files import KIND, SIDES, Box, small_file
from imgcls.data.images.image_header import TRANSCODED
from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX

KEPT = {"Cache-Control": "private, max-age=86400, immutable"}  # an image that changes gets another version
OF_FILES = PROJECTS / ".thumbnails"
UNREADABLE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" fill="none" stroke="gray" stroke-width="4">
<title>This file cannot be read</title><rect x="18" y="24" width="60" height="48" rx="4"/><path d="M24 78 72 18"/></svg>
"""


async def picture(request: Request) -> Response:
    """A row of a project's images."""
    named, row = request.path_params["project"], request.path_params["row"]
    version, side = request.path_params["version"], request.query_params.get("side", "")
    return await run_in_threadpool(_row, named, version, row, side, request.query_params.get("key", ""))


async def file(request: Request) -> Response:
    """A file that a page shows."""
    what = request.path_params["what"]
    if not is_signed(what, request.query_params.get("key", "")):
        return Response(status_code=403)
    path, box, side = read_file_address(what)
    return await run_in_threadpool(_small, path, OF_FILES, box, side)


ROUTES = (Route("/picture/{project}/{version:int}/{row:int}", picture), Route("/file/{what}", file))


def _row(named: str, version: int, row: int, side: str, key: str) -> Response:
    try:
        project = open_project(named)
        if not is_signed(images_of(project, version, side), key):
            return Response(status_code=403)
        manifest = manifest_of(project, version)
        path, box = _path_of(manifest, row), tuple(float(manifest.table.at[row, edge]) for edge in BOX)
    except (ValueError, KeyError):
        return Response(status_code=404)
    is_unreadable = manifest.table.at[row, "problems"] not in OF_PEOPLE
    whole = any(edge != edge for edge in box)  # NaN: the example is all of the image
    shown = _small(path, project.folder / "thumbnails", None if whole else box, int(side))
    return Response(UNREADABLE, media_type="image/svg+xml") if is_unreadable and shown.status_code == 404 else shown


def _path_of(manifest: Manifest, row: int) -> Path:
    """The file of one row: single cells, because a page asks for dozens of images at once."""
    if TRANSCODED in manifest.table.at[row, "traits"]:
        return manifest.paths(manifest.table.loc[[row]])[0]
    return manifest.root / manifest.table.at[row, "image"]


def _small(path: Path, folder: Path, box: Box | None, side: int = SIDES[1]) -> Response:
    made = small_file(path, folder, box, side)
    return Response(status_code=404) if made is None else FileResponse(made, media_type=KIND, headers=KEPT)
