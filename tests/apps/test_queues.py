"""Queues of images to look at, and where their rows stand once the data has changed."""

import pandas as pd
import pytest

from imgcls.data.manifest.table import Manifest


def test_a_queue_comes_back_as_it_was_saved(project):
    from projects.queues import list_queues, load_queue, save_queue

    name = save_queue(project, "Audit: copies!", "Copies", [7, 3, 5], 1, {3: "bag"}, {3: 0.75})
    queue = load_queue(project, name)
    assert (queue.title, queue.rows, queue.version) == ("Copies", [7, 3, 5], 1)
    assert (queue.suggestions, queue.probabilities) == ({3: "bag"}, {3: 0.75})
    save_queue(project, "later", "Later", [1], 1)
    assert [each.name for each in list_queues(project)] == ["later", name]


@pytest.mark.parametrize(
    ("one", "other"),
    [("run-1 猫 as 狗", "run-1 狗 as 鸟"), ("a b", "a-b"), (f"{'long ' * 30}one", f"{'long ' * 30}two")],
)
def test_names_that_look_alike_in_an_address_are_two_queues(project, one, other):
    from projects.queues import load_queue, save_queue

    first, second = (save_queue(project, name, name, [row], 1) for row, name in enumerate((one, other)))
    assert (load_queue(project, first).rows, load_queue(project, second).rows) == ([0], [1])
    assert save_queue(project, one, "replaced", [2], 1) == first


@pytest.mark.parametrize(
    "content", ["", "[]", '{"title": "x"}', '{"title": "x", "rows": ["x"], "version": 1}',
                '{"title": "x", "rows": [1], "version": 1, "suggestions": 3}'],
)  # fmt: skip
def test_a_damaged_queue_is_passed_over(project, content):
    from projects.open_queue import offered_queues
    from projects.queues import list_queues, load_queue, save_queue

    save_queue(project, "whole", "Whole", [1], 1)
    (project.data / "queues" / "broken.json").write_text(content)
    assert [each.name for each in list_queues(project)] == ["whole"]
    assert "broken" not in offered_queues(project, 1)
    with pytest.raises(ValueError, match="no such queue"):
        load_queue(project, "broken")


def test_only_the_latest_queues_are_kept(project, monkeypatch):
    from projects import queues

    monkeypatch.setattr(queues, "KEPT", 2)
    for name in ("one", "two", "three"):
        queues.save_queue(project, name, name, [1], 1)
    assert [each.name for each in queues.list_queues(project)] == ["three", "two"]


@pytest.mark.parametrize("name", ["gone", "../project", ""])
def test_a_queue_that_is_not_there_is_a_sentence(project, name):
    from projects.queues import load_queue

    with pytest.raises(ValueError, match="no such queue"):
        load_queue(project, name)


def test_rows_are_found_again_after_the_data_has_changed(project):
    from projects.queues import load_queue, rows_now, save_queue
    from projects.versions import add_version, whole_manifest_of

    queue = load_queue(project, save_queue(project, "some", "Some", [29, 4, 2], 1))
    manifest = whole_manifest_of(project)
    turned = Manifest(manifest.table.iloc[::-1].drop(index=[4]).reset_index(drop=True), manifest.root)
    add_version(project, turned, "turned around, and one taken out", 1)
    found = rows_now(project, queue, 2)
    assert list(found) == [29, 2]
    for before, now in found.items():
        assert turned.table["image"][now] == manifest.table["image"][before]


def test_boxes_of_one_image_are_told_apart(here, project):
    from projects.queues import load_queue, rows_now, save_queue
    from projects.versions import add_version, manifest_of

    root = manifest_of(project).root
    boxes = pd.DataFrame({"image": "a.png", "label": ["bag", "trouser", "bag"], "x_min": [0.0, 5.0, float("nan")],
                          "y_min": 0.0, "x_max": 9.0, "y_max": 9.0})  # fmt: skip
    first = add_version(project, Manifest.from_records(boxes, root), "boxes", 1)
    queue = load_queue(project, save_queue(project, "second", "Second", [1], first.number))
    other = Manifest.from_records(boxes.iloc[[1, 0]], root)
    second = add_version(project, other, "turned around", first.number)
    assert rows_now(project, queue, second.number) == {1: 0}
