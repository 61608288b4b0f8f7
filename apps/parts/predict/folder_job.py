"""Many images, named by a job: an uploaded folder or archive, or a place on the server."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from jobs.job import Job, start_job
from projects.answers import Answer, Upload, gone_if_it_fails, start_answer, with_job
from projects.models import IMAGENET, RUN, SERVER, Model
from projects.project import Project
from safety import allowed_paths

from imgcls.files import replacing
from imgcls.image_files import HEAD, SUFFIXES, suffix_of
from imgcls.serving.client.address import TOKEN
from imgcls.workflow.many_images.archives import is_archive
from parts.person import who
from parts.predict.model_choice import server_token
from parts.uploads import inside

TOP = 5  # classes kept of each image
WHAT = "Expected a folder of images, or a zip or tar file of them."


def name_place(project: Project, model: Model, place: Path) -> Answer:
    """Name the images of a folder or archive on the server.

    Raises:
        ValueError: The path leads out of the root, or there is nothing to read.
    """
    allowed_paths.check_path(place)
    if not place.exists():
        raise ValueError(f"There is nothing at {place}. {WHAT}")
    if not place.is_dir() and not is_archive(place):
        raise ValueError(f"{place} is a file of another kind. {WHAT}")
    answer = start_answer(project, model, who(), place.name, str(place))
    return _started(project, answer)


def name_uploaded_folder(project: Project, model: Model, files: Sequence[Upload]) -> Answer:
    """Name the images of a folder that was uploaded; other files in it are not kept, and the answer names them.

    Raises:
        ValueError: There is no image in it, or a file's path would lead out of the folder.
    """
    kept = [(inside(file.name), file) for file in files if _is_picture(file)]
    if not kept:
        raise ValueError("There is no image in this folder. Choose a folder of images.")
    title = kept[0][0].parts[0] if len(kept[0][0].parts) > 1 else "Folder"
    answer = start_answer(project, model, who(), title)
    with gone_if_it_fails(answer):
        for path, file in kept:
            target = answer.folder / "pictures" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.getvalue())
    images = {file.name for _, file in kept}
    seen = [file.name for file in files if not PurePosixPath(file.name).name.startswith(".")]
    dropped = tuple(name for name in seen if name not in images)
    return _started(project, replace(answer, pictures=str(answer.folder / "pictures"), dropped=dropped))


def name_archive(project: Project, model: Model, file: Upload) -> Answer:
    """Name the images in a zip file that was uploaded. It is never unpacked under the names in it."""
    answer = start_answer(project, model, who(), PurePosixPath(file.name).name)
    target = answer.folder / "pictures.zip"
    with gone_if_it_fails(answer), replacing(target) as partial:
        partial.write_bytes(file.getvalue())
    return _started(project, replace(answer, pictures=str(target)))


def name_again(project: Project, answer: Answer) -> Answer:
    """Name the images that the job of an answer has not come to."""
    return with_job(answer, _start(project, answer).id)


def _started(project: Project, answer: Answer) -> Answer:
    with gone_if_it_fails(answer):
        job = _start(project, answer)
    return with_job(answer, job.id)


def _start(project: Project, answer: Answer) -> Job:
    environment = allowed_paths.environment() | ({TOKEN: server_token()} if answer.model.kind == SERVER else {})
    about, title = {"answer": answer.id}, f"Naming {answer.title}"
    if answer.model.kind == RUN:
        about["run"] = answer.model.run
    return start_job(project, "predict", title, _program(answer), environment, about, answer.who)


def _program(answer: Answer) -> tuple[str, ...]:
    """What names the images."""
    model, output = answer.model, f"{answer.folder / 'parts'}/"
    if model.kind == SERVER:
        return ("jobs.programs.name_on_server", model.source, answer.pictures, output)
    source = ("--model", model.source) if model.kind == IMAGENET else ()
    inputs = (answer.pictures,) if model.kind == IMAGENET else (model.source, answer.pictures)
    return ("imgcls.predict", *inputs, *source, "--top", str(TOP), "--output", output)


def _is_picture(file: Upload) -> bool:
    name = PurePosixPath(file.name).name
    if name.startswith("."):
        return False
    suffix = PurePosixPath(name).suffix.lower()
    return suffix in SUFFIXES or (not suffix and bool(suffix_of(file.getvalue()[:HEAD])))
