"""Predict: names and bars for images, kept on disk. One worker and one trained run serve all tests of this file."""

import errno
import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest
from conftest import Page

from imgcls.files import write_json
from imgcls.models.registry import NETWORK_FILES
from tests.conftest import ROOT

PATIENCE = 300  # seconds, which a busy machine may need to start the worker


@pytest.fixture(autouse=True, scope="module")
def no_worker_is_left():
    """The worker of these tests loads TensorFlow once."""
    yield
    from worker import client

    client.stop()


@pytest.fixture(scope="module")
def trained(small_run, tmp_path_factory):
    """A project with a run as a finished training leaves it, in the folder that the app works in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("app"))
        patch.setattr(sys, "argv", ["app.py"])
        patch.setenv(NETWORK_FILES, "")
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        from projects.project import create_project

        project = create_project("Clothes")
        shutil.copytree(small_run.path, project.runs / "small")
        yield project


@pytest.fixture
def pictures(small_data):
    """A bag, a sneaker and a pair of trousers, as files that are dropped."""
    files = [min((small_data / "test" / name).iterdir()) for name in ("bag", "sneaker", "trouser")]
    return {f"{file.parent.name}.png": file.read_bytes() for file in files}


def opened(project, **address) -> Page:
    view = Page("predict", project=project.name, **address)
    view.widgets.default_timeout = PATIENCE
    return view


def table_of(view) -> pd.DataFrame:
    """The table with all answers, which is the last on the page."""
    return view.widgets.dataframe[-1].value


@pytest.mark.thorough
def test_pictures_are_named_and_what_is_no_picture_is_said(trained, pictures):
    view = opened(trained)
    view.upload({"my <bag>.png": pictures["bag.png"], "notes.txt": b"no image", "t.png": pictures["trouser.png"]})
    assert "1 file cannot be read. The other 2 images can." in view.text
    table = table_of(view)
    assert "- notes.txt: no image that can be read; expected JPEG" in view.text
    assert "HEIC where who installed this app has added it." in view.text
    assert table["image"].tolist() == ["my <bag>.png", "notes.txt", "t.png"]
    assert table["class"].iloc[1] == ""
    assert table["probability"].dropna().between(1 / 3, 1).all()
    assert view.html.count("<img") == 2
    assert "my &lt;bag&gt;.png" in view.html


def test_one_more_picture_asks_for_one_more_answer_also_after_a_reload(trained, pictures, monkeypatch):
    from parts.predict import naming

    asked, stream = [], naming.stream

    def counting(name, **arguments):
        asked.extend(arguments["pictures"])
        return stream(name, **arguments)

    monkeypatch.setattr(naming, "stream", counting)
    first = opened(trained).upload({"black.pgm": b"P5 1 1 255 \0"})
    again = opened(trained, answer=first.widgets.query_params["answer"])
    assert table_of(again)["image"].tolist() == ["black.pgm"]
    again.upload({"black.pgm": b"P5 1 1 255 \0", "gray.pgm": b"P5 1 1 255 \x7f"})
    assert table_of(again)["image"].tolist() == ["black.pgm", "gray.pgm"]
    opened(trained).upload({"the same.pgm": b"P5 1 1 255 \x7f"})
    assert len(asked) == 2


@pytest.mark.thorough
def test_the_page_agrees_with_the_model(trained, pictures):
    from imgcls import load_predictor

    table = table_of(opened(trained).upload(pictures))
    expected = load_predictor(trained.runs / "small").predict(list(pictures.values())).ranked()
    assert table["class"].tolist() == [each.classes[0] for each in expected]
    assert table["probability"].tolist() == pytest.approx([each.probabilities[0] for each in expected], abs=1e-5)


def test_below_the_threshold_the_answer_is_not_sure(trained, pictures):
    from projects.threshold import set_threshold

    set_threshold(trained, "small", 1.0)
    view = opened(trained).upload(pictures)
    set_threshold(trained, "small", 0.0)
    table = table_of(view)
    unsure = (table["answer"] == "not sure").sum()
    assert unsure == (table["probability"] < 1).sum() > 0
    assert "Answers below 100% are shown as not sure." in view.text
    assert view.html.count('class="quiet"') == unsure
    assert "not sure" not in set(table_of(view.look())["answer"])


def test_what_few_validation_images_leave_unmeasured_is_said_and_empty_in_the_table():
    from parts.predict.said import as_table
    from parts.predict.strangers import is_not_told, why_not
    from projects.answers import COLUMNS

    row = {**COLUMNS, "waits": False, "classes": ("bag",), "probabilities": (0.9,), "decision": "bag"}
    table = pd.DataFrame([row])
    assert is_not_told(table)
    assert as_table(table, 0.0)["how unlike the training images"].isna().all()
    assert not is_not_told(table.assign(unknown_score=0.5))
    assert not is_not_told(table.assign(decision=""))  # a model that decides nothing
    assert "trained on: it had only 1 validation image, and 20 are needed. It names" in why_not(1)
    assert "only" not in why_not(20)


def test_few_validation_images_are_counted_on_the_page(page, project):
    from projects.answers import add_pictures, put, rows_of, start_answer
    from projects.models import RUN, Model
    from projects.versions import whole_manifest_of

    from imgcls.config import TrainConfig
    from imgcls.data.manifest.table import Manifest
    from imgcls.run_folder import RunFolder

    run = RunFolder.create(TrainConfig(name="few", runs=str(project.runs)))
    manifest = whole_manifest_of(project)
    splits = ["validation"] * 3 + ["train"] * (len(manifest.table) - 3)
    Manifest(manifest.table.assign(split=splits), manifest.root).save(run.manifest_file)
    answer = start_answer(project, Model(RUN, str(run.path), "few"))
    photo = io.BytesIO(next(manifest.root.glob("bag/*.png")).read_bytes())
    photo.name = "bag.png"
    add_pictures(project, answer, [photo])
    said = {"classes": ("bag",), "probabilities": (0.9,), "several": False, "labels": (), "decision": "bag",
            "unknown_score": float("nan"), "problem": ""}  # fmt: skip
    put(answer, [{"sha256": rows_of(answer)["sha256"].iloc[0], **said}])
    view = page("predict", project=project.name, answer=answer.id)
    assert "it had only 3 validation images, and 20 are needed" in view.text
    assert "1 image, named by: Run few." in view.text
    assert "bag.png" in view.html
    shutil.rmtree(run.path)  # the answer stays when the run is deleted
    view.look()
    assert "cannot tell images that are unlike those that it was trained on. It names" in view.text
    assert "bag.png" in view.html


def test_a_picture_is_unlike_all_others_where_the_model_says_so():
    from parts.predict.said import said_of

    row = {"waits": False, "problem": "", "decision": "none of these", "several": False, "labels": [], "classes": ["a"],
           "probabilities": [0.9]}  # fmt: skip
    assert said_of(row, 0.0) == ("unlike", "unlike anything it was trained on")


def test_only_files_that_are_no_pictures(trained):
    view = opened(trained).upload({"empty.png": b""})
    assert "- empty.png: the file is empty (0 bytes)." in view.text
    assert [shown.value for shown in view.widgets.warning] == ["1 file cannot be read."]
    assert "<img" not in view.html


def test_an_answer_that_is_gone_is_said(trained):
    view = opened(trained, answer="20260101-000000")
    assert "not there any more" in view.text
    assert "answer" not in view.widgets.query_params


def test_an_answer_is_deleted(trained, pictures):
    view = opened(trained).upload(pictures)
    folder = trained.answers / view.widgets.query_params["answer"]
    assert folder.is_dir()
    view.press("Delete this")
    assert not folder.exists()


def test_an_answer_is_not_deleted_while_a_job_names_its_images(trained, monkeypatch):
    from jobs.job import Job
    from parts.predict import earlier
    from projects.answers import start_answer
    from projects.models import IMAGENET, Model

    answer = start_answer(trained, Model(IMAGENET, "efficientnet_lite0"), pictures="photos")
    job = Job(trained.name, "one", "predict", "Naming", "running", about={"answer": answer.id})
    monkeypatch.setattr(earlier, "list_jobs", lambda project: [job])
    view = opened(trained, answer=answer.id).press("Delete this")
    assert "cannot be deleted while its images are being named" in view.errors
    assert answer.folder.is_dir()
    monkeypatch.undo()
    view.press("Delete this")
    assert not answer.folder.exists()


def test_the_address_cannot_name_a_model_elsewhere(trained, small_run):
    view = opened(trained, model=f"run:{small_run.path}")
    assert view.widgets.selectbox[0].value is None
    assert not view.widgets.file_uploader


def test_images_that_are_dropped_for_a_run_that_is_gone_are_named_by_no_other(trained):
    from projects.answers import list_answers

    shutil.copytree(trained.runs / "small", trained.runs / "second")
    view = opened(trained, model="run:second")
    before = list_answers(trained)
    shutil.rmtree(trained.runs / "second")
    view.upload({"black.pgm": b"P5 1 1 255 \0"})
    assert "Run second is not there any more. Choose another model." in view.text
    assert list_answers(trained) == before
    view.choose("Model", "run:small").upload({"black.pgm": b"P5 1 1 255 \0"})
    assert "1 image, named by: Run small." in view.text


def test_without_a_run_there_is_still_imagenet(trained):
    from projects.project import create_project

    view = Page("predict", project=create_project("Empty").name)
    assert "No model of this project is trained yet" in view.text
    assert view.widgets.selectbox[0].options[0] == "1,000 everyday things (ImageNet)"


@pytest.mark.thorough
def test_a_photo_is_named_with_imagenet_weights(trained):
    from skimage import data

    photo = Path(data.__path__[0], "coffee.png").read_bytes()
    view = opened(trained, model="imagenet:efficientnet_lite0").upload({"c.png": photo})
    assert table_of(view)["answer"].tolist() == ["espresso"]


def test_a_server_that_does_not_answer_is_a_sentence_and_can_be_asked_again(trained, pictures):
    view = opened(trained, model="server:http://127.0.0.1:9/v1/models/flowers").upload(pictures)
    assert "127.0.0.1:9" in view.errors
    assert "python -m" not in view.errors
    assert "Try again" in view.text
    assert "3 images are not named yet." in view.text
    assert "named by" not in view.text
    assert view.html.count("Waiting") == 3
    assert not view.widgets.get("download_button")
    assert "Add them" not in view.text


def test_a_job_that_was_cancelled_before_it_named_an_image_is_asked_again(trained, monkeypatch):
    from jobs.job import Job
    from parts.predict import folder_job
    from projects.answers import start_answer, with_job
    from projects.models import IMAGENET, Model

    answer = with_job(start_answer(trained, Model(IMAGENET, "efficientnet_lite0"), pictures="photos"), "cancelled")
    folder = trained.jobs / "cancelled"
    write_json(folder / "job.json", {"kind": "predict", "title": "Naming", "who": "", "asked": 1.0, "about": {}})
    (folder / "output.log").touch()
    (folder / "cancel").touch()
    view = opened(trained, answer=answer.id)
    assert view.errors == "This was cancelled before an image was named."
    assert "Add them" not in view.text
    asked = []

    def start_job(project, kind, title, program, environment, about, who):
        asked.append(about["answer"])
        return Job(project.name, "cancelled", kind, title, "running")

    monkeypatch.setattr(folder_job, "start_job", start_job)
    view.press("Try again")
    assert asked == [answer.id]
    (answer.folder / "parts").mkdir()
    row = {"image": "photos/a.png", "class": "cup", "probability": 0.9, "problem": ""}
    pd.DataFrame([row]).to_parquet(answer.folder / "parts" / "part-00000.parquet")
    view.look()
    assert view.errors == "This was cancelled. What was named before is below."
    assert "1 image, named by" in view.text
    view.press("Go on")
    assert asked == [answer.id] * 2


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9 names no model. Add /v1/models/NAME to it"),
        ("grpc://127.0.0.1:9", "Add /NAME to it"),
        ("127.0.0.1", "127.0.0.1 is no address of a server. Expected one such as http://"),
    ],
)
def test_an_address_that_leads_to_no_model_is_refused_in_the_words_of_the_page(trained, server, said):
    view = opened(trained, model=f"server:{server}")
    assert said in view.errors
    assert "Client" not in view.errors


def test_an_address_at_which_something_else_answers_is_a_sentence(trained, pictures):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_error(403)

        def log_message(self, *said):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/v1/models/flowers"
        view = opened(trained, model=f"server:{address}").upload(pictures)
        server.shutdown()
    assert view.errors.startswith("What answers at http://127.0.0.1")


def test_earlier_answers_are_told_apart_by_how_their_names_begin(trained):
    from parts.predict.earlier import described
    from projects.answers import start_answer
    from projects.models import SERVER, Model

    first = start_answer(trained, Model(SERVER, "http://127.0.0.1:5031/v1/models/a"))
    second = replace(first, model=Model(SERVER, "http://127.0.0.1:5032/v1/models/b"), when=first.when + 7)
    room = 30  # letters that a telephone shows
    assert described(first)[:room] != described(second)[:room]
    assert described(first).replace("\\", "").endswith("Images: Server http://127.0.0.1:5031/v1/models/a")


@pytest.mark.thorough
def test_a_folder_on_the_server_is_named_by_a_job(trained, small_data, monkeypatch):
    shutil.copytree(small_data / "test" / "bag", "photos/bag")
    Path("photos/bag/notes.txt").write_text("no image")
    view = opened(trained)
    view.widgets.button_group[0].set_value("On the server")
    view.look().choose("Folder, zip or tar file on the server", "/etc").press("Name these images")
    assert "lies outside of" in view.errors
    view.choose("Folder, zip or tar file on the server", "photos").press("Name these images")
    view.wait_for("10 images, named by: Run small.", PATIENCE)
    assert "1 file cannot be read. The other 10 images can." in view.text
    assert table_of(view)["image"].iloc[0].startswith("bag/")
    assert view.html.count("<img") == 10
    from jobs.job import Job
    from parts.predict import answer
    from projects.answers import list_answers

    monkeypatch.setattr(Job, "is_live", property(lambda job: True))  # as if it was still at work
    working = opened(trained, answer=list_answers(trained)[0].id)
    assert "The latest answers" in working.text
    assert working.html.count("<img") == 10
    monkeypatch.setattr(answer, "newest_rows", lambda answer, count: pd.DataFrame())
    assert "The latest answers" not in working.look().text


@pytest.mark.parametrize("name", ["photos.zip", "photos.tar", "photos.tar.gz", "photos.tbz2", "photos.TXZ"])
def test_pictures_of_an_archive_are_shown_and_join_the_data(trained, pictures, name):
    from jobs.known_models import list_models
    from projects.answers import start_answer
    from projects.project import create_project
    from projects.versions import NO_LABEL, manifest_of

    content, project = pictures["bag.png"], create_project(name)
    if name.endswith("zip"):
        with zipfile.ZipFile(name, "w") as archive:
            archive.writestr("../x/bag.png", content)
    else:
        kind = {".gz": "w:gz", ".tbz2": "w:bz2", ".TXZ": "w:xz"}.get(Path(name).suffix, "w")
        with tarfile.open(name, kind) as archive:
            member = tarfile.TarInfo("../x/bag.png")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    answer = start_answer(project, list_models(trained)[0], pictures=name)
    named = [f"{name}/../x/bag.png", f"{name}/gone.png"]
    rows = pd.DataFrame({"image": named, "class": "bag", "probability": 0.9, "problem": ""})
    (answer.folder / "parts").mkdir()
    rows.to_parquet(answer.folder / "parts" / "part-00000.parquet")
    view = opened(project, answer=answer.id)
    assert view.html.count("<img") == 1
    (shown,) = (answer.folder / "shown").iterdir()
    assert shown.read_bytes() == content
    assert "1 image added." in view.press("Add them").text
    assert manifest_of(project).table["problems"].tolist() == [NO_LABEL]


def test_the_table_is_for_spreadsheets(trained, monkeypatch):
    from jobs.known_models import list_models
    from parts.predict import answer as part
    from projects.answers import start_answer

    names = ["photos/=HYPERLINK(1).jpg", "photos/Äpfel.jpg", "photos/a-b.jpg"]
    answer, loaded = start_answer(trained, list_models(trained)[0], pictures="photos"), []
    rows = pd.DataFrame({"image": names, "class": ["=2+3", "@a", "-1"], "probability": 0.9, "problem": ""})
    (answer.folder / "parts").mkdir()
    rows.to_parquet(answer.folder / "parts" / "part-00000.parquet")
    monkeypatch.setattr(part.st, "download_button", lambda label, data, *_, **__: loaded.append(data))
    opened(trained, answer=answer.id)
    content = loaded[0]() if callable(loaded[0]) else loaded[0].encode()
    assert content.startswith(b"\xef\xbb\xbfimage,answer,")
    table = pd.read_csv(io.BytesIO(content))
    assert table["image"].tolist() == ["'=HYPERLINK(1).jpg", "Äpfel.jpg", "a-b.jpg"]
    assert table["class"].tolist() == ["'=2+3", "'@a", "'-1"]
    assert table["probability"].tolist() == [0.9] * 3


@pytest.mark.thorough
def test_a_zip_file_without_an_image_says_so(trained):
    with zipfile.ZipFile("hols_2025.zip", "w") as archive:
        archive.writestr("notes.txt", "no image")
    view = opened(trained)
    view.widgets.button_group[0].set_value("On the server")
    view.look().choose("Folder, zip or tar file on the server", "hols_2025.zip").press("Name these images")
    until = time.monotonic() + PATIENCE
    while not view.errors and time.monotonic() < until:
        view.look()
    assert view.errors == "There is no image in hols_2025.zip. Name images, or what holds some."


def test_a_file_that_is_no_zip_file_is_said_by_its_name(trained):
    from jobs.known_models import list_models
    from projects.answers import Answer, save_answer, start_answer

    from imgcls.workflow.many_images.archives import images_in

    started = start_answer(trained, list_models(trained)[0], title="hols_2025.zip")
    kept = started.folder / "pictures.zip"
    answer = save_answer(Answer(**{**vars(started), "pictures": str(kept)}))
    kept.write_text("no archive " * 100)
    (broken,) = images_in(kept, lambda name: True)
    (answer.folder / "parts").mkdir()
    row = {"image": broken.name, "class": None, "probability": None, "problem": broken.problem}
    pd.DataFrame([row]).to_parquet(answer.folder / "parts" / "part-00000.parquet")
    view = opened(trained, answer=answer.id)
    assert "0 images, named by: Run small." in view.text
    assert f"- hols_2025.zip: {broken.problem}." in view.text.replace("\\", "")
    assert broken.problem == "is neither a zip nor a tar file, or is cut off in its first bytes"


def test_pictures_join_the_data_once(trained, pictures):
    from projects.versions import NO_LABEL, manifest_of, whole_manifest_of

    view = opened(trained).upload(pictures).press("Add them")
    assert "3 images added." in view.text
    manifest = whole_manifest_of(trained)
    assert manifest.table["problems"].tolist() == [NO_LABEL] * 3
    view.press("Delete this")
    assert all(path.is_file() for path in manifest.paths(manifest.table))
    named = opened(trained).upload({**pictures, "black.pgm": b"P5 1 1 255 \0"})
    named.choose("The images join the images of this project", "With the predicted class, where it is sure")
    named.press("Add them")
    assert "1 image added, 3 images that had no label got one." in named.text
    assert manifest_of(trained).usable["label"].tolist() == table_of(named)["answer"].tolist()


def test_the_app_itself_imports_no_tensorflow():
    code = ("import sys; sys.path[:0] = ['apps']; import parts.predict.answer, parts.predict.add_to_data, "
            "parts.predict.drop_zone, parts.predict.model_choice, parts.predict.naming, parts.deploy.try_request, "
            "parts.deploy.load_test, jobs.programs.export_and_start; "
            "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules")  # fmt: skip
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_files_of_a_folder_that_are_no_images_are_named(page, project, clothes, monkeypatch):
    from io import BytesIO

    from jobs.job import Job
    from parts.predict import folder_job
    from projects.models import IMAGENET, Model

    files = [BytesIO(min((clothes / "bag").glob("*.png")).read_bytes()), BytesIO(b"not an image"), BytesIO(b"hidden")]
    for file, name in zip(files, ("photos/bag.png", "photos/notes.txt", "photos/.hidden"), strict=True):
        file.name = name
    monkeypatch.setattr(folder_job, "start_job", lambda *_: Job("clothes", "gone", "predict", "Naming", "queued"))
    answer = folder_job.name_uploaded_folder(project, Model(IMAGENET, "efficientnet_lite0"), files)
    view = page("predict", project=project.name, answer=answer.id)
    assert "Not read, because their names are not of images: photos/notes" in view.text
    assert answer.dropped == ("photos/notes.txt",)
    assert "bag.png" not in view.text


@pytest.fixture
def full_disk(monkeypatch):
    """In its context a disk takes no more than so many images; the next is written half."""

    @contextmanager
    def full(takes: int = 2):
        write, written = Path.write_bytes, []

        def write_bytes(self, content):
            written.append(self)
            if len(written) > takes:
                write(self, content[:100])
                raise OSError(errno.ENOSPC, "No space left on device", str(self))
            return write(self, content)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", write_bytes)
            yield

    return full


def test_images_that_a_full_disk_does_not_take_leave_nothing(page, project, clothes, full_disk):
    photos = {file.name: file.read_bytes() for file in (clothes / "bag").glob("*.png")}
    view = page("predict", project=project.name)
    with full_disk():
        view.upload(photos)
        assert "the disk is full" in view.errors
        assert list(project.answers.glob("*")) == []
        view.look()  # the next click
        assert not view.errors
        assert list(project.answers.glob("*")) == []


def test_images_that_a_full_disk_does_not_take_leave_an_earlier_answer_as_it_was(project, clothes, full_disk):
    from projects.answers import add_pictures, rows_of, start_answer
    from projects.models import IMAGENET, Model

    photos = [io.BytesIO(file.read_bytes()) for file in sorted((clothes / "bag").glob("*.png"))]
    for place, photo in enumerate(photos):
        photo.name = f"{place}.png"
    answer = start_answer(project, Model(IMAGENET, "efficientnet_lite0"))
    add_pictures(project, answer, photos[:1])
    with full_disk(), pytest.raises(OSError, match="No space"):
        add_pictures(project, answer, photos)
    assert [str(file) for file in (answer.folder / "pictures").iterdir()] == rows_of(answer)["file"].tolist()
    assert add_pictures(project, answer, photos) == 9


def test_a_folder_or_archive_that_a_full_disk_does_not_take_leaves_nothing(project, clothes, full_disk, monkeypatch):
    from parts.predict import folder_job
    from projects import answers
    from projects.models import IMAGENET, Model

    model, files = Model(IMAGENET, "efficientnet_lite0"), [io.BytesIO(b"a photo") for _ in range(3)]
    for place, file in enumerate(files):
        file.name = f"photos/{place}.png"
    with full_disk(), pytest.raises(OSError, match="No space"):
        folder_job.name_uploaded_folder(project, model, files)
    with full_disk(takes=0), pytest.raises(OSError, match="No space"):
        folder_job.name_archive(project, model, files[0])
    monkeypatch.setattr(answers, "write_json", full)
    with pytest.raises(OSError, match="No space"):
        answers.start_answer(project, model)
    assert list(project.answers.glob("*")) == []


def full(path, values):
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


def test_a_model_that_a_server_has_not_is_said_with_what_to_type():
    from parts.errors import in_page

    from imgcls.serving.client.refusals import not_found
    from imgcls.serving.client.target import make_target

    error = not_found(make_target("http://127.0.0.1:8501/v1/models/nope", "", None, 1.0),
                      "Servable not found for request: Latest(nope)")  # fmt: skip
    said = in_page(str(error))
    assert "Servable" not in said
    assert "Type the name of one that it has at the end of the address" in said
