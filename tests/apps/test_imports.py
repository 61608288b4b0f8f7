"""Images on their way into a project."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from jobs.programs import import_images
from jobs.programs.import_images import annotators_of, notes_of
from projects import imports
from projects.imports import Report, Request
from projects.project import create_project
from projects.reading import Reading, read_source

from imgcls.config import LabelsConfig


@pytest.fixture
def project(here):
    return create_project("Pets")


@pytest.fixture
def answers(clothes):
    """Twenty images that three people labelled; the third says that all are bags."""
    rows = ["HITId,AssignmentId,WorkerId,AssignmentStatus,Input.image_url,Answer.category.label"]
    for label in ("bag", "sneaker"):
        for path in sorted((clothes / label).glob("*.png")):
            for worker, answer in {"ann": label, "bob": label, "carl": "bag"}.items():
                rows.append(f"h,{len(rows)},{worker},Approved,{label}/{path.name},{answer}")
    (clothes / "results.csv").write_text("\n".join(rows))
    return clothes / "results.csv"


def test_a_question_waits_until_it_is_answered(project, here):
    name = imports.ask_for(project, Request("photos", "photos", {"group": "patient"}, folders=("/srv",), who="ann"))
    assert imports.ask_for(project, Request("more", "more")) != name
    rows = pd.DataFrame({"image": ["a.png"] * 2, "label": ["cat", "dog"], "x_min": [0, 4], "x_max": [9, 9]})
    (here / "boxes.csv").write_text(rows.assign(y_min=0, y_max=9).to_csv(index=False))
    (here / "a.png").write_bytes(b"no image, which nobody looks at yet")
    imports.ask_back(project, name, read_source("boxes.csv", LabelsConfig()), ("a note",))
    (asked,) = imports.open_questions(project).values()
    assert (asked.proposed, len(asked.ways), asked.notes) == ("crop", 4, ("a note",))
    request = imports.answer(project, name, "crop", box_margin=0.1)
    assert imports.open_questions(project) == {}
    assert imports.request_of(project, name) == request
    assert request.labels == {"group": "patient", "box_margin": 0.1}
    assert (request.boxes, request.folders, request.who) == ("crop", ("/srv",), "ann")


def test_two_requests_at_one_moment_are_two(project, monkeypatch):
    at_once, write = threading.Barrier(2), imports.write_json

    def write_json(*values):
        at_once.wait(60)  # until the other one has its name too
        write(*values)

    monkeypatch.setattr(imports, "write_json", write_json)
    with ThreadPoolExecutor() as pool:
        names = list(pool.map(lambda title: imports.ask_for(project, Request(title, title)), ("one", "two")))
    assert [imports.request_of(project, name).title for name in names] == ["one", "two"]


def test_reports_stay_until_they_are_closed_the_latest_first(project):
    names = [imports.ask_for(project, Request(title, title)) for title in ("one", "two")]
    for name, what in zip(names, ("1 image added", "2 images added"), strict=True):
        imports.report(project, name, Report(what, ("a note",), dropped=("run.py",)))
    assert [told.what for told in imports.unread_reports(project).values()] == ["2 images added", "1 image added"]
    imports.close(project, names[1])
    assert imports.unread_reports(project) == {names[0]: Report("1 image added", ("a note",), dropped=("run.py",))}


def test_those_who_labelled_are_reported_with_how_far_they_agree(project, answers):
    reading = read_source(str(answers), LabelsConfig())
    assert reading.ways == ()
    people = annotators_of(reading)
    assert {each["name"]: each["agreement"] for each in people} == {"ann": 1.0, "bob": 1.0, "carl": 0.5}
    name = imports.ask_for(project, Request("answers", str(answers)))
    imports.report(project, name, Report("20 images added", annotators=people))
    (told,) = imports.unread_reports(project).values()
    assert [each["name"] for each in told.annotators][2] == "carl"


def test_notes_have_what_is_lost_first_and_no_flags(clothes):
    problems = pd.DataFrame(
        [("a.png", "", "a remark.", "noted")] * 3
        + [("b.csv", "2", "there is no image 'x.png'. Name the folder with --images.", "left out")],
        columns=["file", "line", "reason", "effect"],
    )
    plain = read_source(str(clothes), LabelsConfig())
    first, second = notes_of(Reading(plain.manifest, problems))
    assert "no image 'x.png'" in first
    assert "--" not in first
    assert second.startswith("3 things (a.png and others): a remark")


@pytest.mark.parametrize(("source", "said"), [("tfds:cifar10", "Downloading the data set"), ("photos", "Reading the")])
def test_a_download_is_said_to_be_one(project, source, said, monkeypatch):
    told: list[str] = []

    class Stopped(Exception):
        pass

    def read(request, progress):
        told.append(str(json.loads((project.folder / "progress.json").read_text())["doing"]))
        raise Stopped

    monkeypatch.setenv("IMGCLS_PROGRESS", str(project.folder / "progress.json"))
    monkeypatch.setattr(import_images, "read", read)
    with pytest.raises(Stopped):
        import_images.main(project, imports.ask_for(project, Request("some", source)))
    assert said in told[0]


def test_an_uploaded_file_keeps_its_name_in_an_error(project):
    table = project.uploads / "c6810ad932" / "addr" / "addr.csv"
    table.parent.mkdir(parents=True)
    table.write_text("address,label\nhttp://127.0.0.1:9/a.png,cat\n")
    name = imports.ask_for(project, Request("addr", str(table), fetch_to=str(project.uploads / "fetched")))
    with pytest.raises(ValueError, match=r"^addr\.csv gives no labelled image"):
        import_images.main(project, name)


def test_images_that_no_label_names_are_counted(project, clothes, monkeypatch):
    monkeypatch.setattr(import_images, "audit", lambda *_: None)
    names = sorted(path.name for path in (clothes / "bag").glob("*.png"))
    (clothes / "bag" / "labels.csv").write_text(f"image,label\n{names[0]},bag\n{names[1]},purse\n")
    name = imports.ask_for(project, Request("bag", str(clothes / "bag" / "labels.csv")))
    import_images.main(project, name)
    told = imports.unread_reports(project)[name]
    assert (told.unnamed, told.says_more) == (8, True)
