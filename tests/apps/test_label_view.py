"""The page Label: which queues it offers, and what becomes of the labels."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

APPS = Path(__file__).parents[2] / "apps"


def box(page):
    return next(each for each in page.widgets.selectbox if each.label == "Images to label")


def record_some(project, queue, count, version):
    from projects.decisions import read_decision, record

    for row in range(count):
        values = {
            "id": f"t-{row}",
            "queue": queue,
            "version": version,
            "row": 30 + row,
            "act": "label",
            "labels": ["bag"],
        }
        record(project, [read_decision(values, "")])


def test_without_images_the_page_says_what_to_do(page, here):
    from projects.project import create_project

    create_project("Empty")
    assert "Add some first" in page("label", project="empty").text


def test_the_queues_that_exist_are_offered_with_their_counts(page, waiting):
    from projects.queues import save_queue

    save_queue(waiting, "audit", "Audit: copies", [1, 2, 3], 2)
    assert box(page("label", project="clothes")).options == [
        "No label yet (12)", "Audit: copies (3)", "All of bag (10)", "All of sneaker (10)", "All of trouser (10)",
    ]  # fmt: skip


def test_a_link_from_another_page_opens_its_queue(page, waiting):
    from projects.queues import save_queue

    name = save_queue(waiting, "wrong in run 1", "Bag taken for sneaker", [4, 5], 2, {4: "sneaker"})
    opened = page("label", project="clothes", queue=name)
    assert box(opened).value == name
    assert not opened.errors


def test_a_queue_that_is_gone_is_a_sentence(page, waiting):
    assert "no such queue" in page("label", project="clothes", queue="gone").errors


def test_labels_wait_until_they_are_saved(page, waiting):
    from projects.versions import list_versions, manifest_of

    record_some(waiting, "no-label", 3, 2)
    opened = page("label", project="clothes", queue="no-label")
    assert "3 decided and not saved yet" in opened.text
    opened.press("Save these labels")
    assert "All is saved" in opened.text
    assert list_versions(waiting)[-1].what == "3 images labelled"
    assert manifest_of(waiting).table["label"][[30, 31, 32]].tolist() == ["bag"] * 3
    assert box(opened).options[0] == "No label yet (9)"


def test_an_image_that_was_decided_on_three_times_is_one(page, waiting):
    from projects.decisions import read_decision, record

    for number in range(3):
        values = {"id": f"t-{number}", "queue": "no-label", "version": 2, "row": 30, "act": "label", "labels": ["bag"]}
        record(waiting, [read_decision(values, "")])
    opened = page("label", project="clothes", queue="no-label")
    assert "1 decided and not saved yet" in opened.text
    assert "1 image labelled" in opened.press("Save these labels").widgets.toast[0].value


@pytest.mark.parametrize("view", ["data", "train"])
def test_labels_of_a_browser_that_was_closed_are_offered_where_the_data_is_used(page, waiting, view):
    from projects.versions import list_versions

    assert "not in the data yet" not in page(view, project="clothes").text
    record_some(waiting, "no-label", 3, 2)
    opened = page(view, project="clothes")
    assert "3 labels are not in the data yet." in opened.text
    opened.press("Put them into the data")
    assert "not in the data yet" not in opened.text
    assert list_versions(waiting)[-1].what == "3 images labelled"


def decide(project, queue, acts, version, **more):
    """Decide about images, by their rows: a class, or nothing to leave the image out."""
    from projects.decisions import read_decision, record

    about = {"queue": queue, "version": version, **more}
    record(project, [read_decision({"id": f"{version}-{queue}-{row}", "row": row, **about,
                                    **({"act": "label", "labels": [label]} if label else {"act": "aside"})}, "")
                     for row, label in acts.items()])  # fmt: skip


def coming(project, queue):
    """The images that the browser is told to ask about."""
    from parts.labelling.labeller import data_of
    from projects.open_queue import open_queue
    from projects.versions import current_number

    told = data_of(project, open_queue(project, queue, current_number(project)), [], False)
    return [item["row"] for item in told["items"] if not item["decisions"]]


def test_images_wait_again_after_an_undo_on_data(waiting):
    from projects.fold_decisions import save_decisions
    from projects.versions import current_number, earlier, later, show_version

    decide(waiting, "no-label", dict.fromkeys(range(30, 42), "bag"), 2)
    decide(waiting, "class:bag", dict.fromkeys(range(4), "sneaker"), 2)
    assert coming(waiting, "no-label") == []
    save_decisions(waiting)
    show_version(waiting, earlier(waiting).number, current_number(waiting))
    assert coming(waiting, "no-label") == list(range(30, 42))
    assert coming(waiting, "class:bag") == list(range(10))
    show_version(waiting, later(waiting).number, current_number(waiting))
    assert coming(waiting, "no-label") == []


def test_images_wait_again_once_they_are_brought_back_or_have_no_label_any_more(waiting):
    from projects import edits
    from projects.fold_decisions import save_decisions
    from projects.queues import save_queue
    from projects.versions import add_version, whole_manifest_of

    queue = save_queue(waiting, "some", "Some", [0, 1, 30, 31], 2)
    decide(waiting, queue, {0: "", 1: "sneaker", 30: "", 31: "bag"}, 2)
    save_decisions(waiting)
    assert coming(waiting, queue) == []
    again = edits.set_label(edits.bring_back(whole_manifest_of(waiting), [0, 30]), [1, 31], "")
    add_version(waiting, again, "taken back", 3)
    assert coming(waiting, queue) == [0, 1, 30, 31]
    assert coming(waiting, "no-label") == [1, 30, *range(31, 42)]


@pytest.mark.parametrize("mode", ["one", "many"])
def test_a_queue_that_is_worked_off_is_looked_at_again(page, waiting, mode):
    from projects.decisions import unsaved
    from projects.versions import list_versions

    decide(waiting, "class:bag", dict.fromkeys(range(9), "bag"), 2)
    address = {"project": "clothes", "queue": "class:bag", "mode": mode}
    assert "Look at all of them again" not in page("label", **address).text
    decide(waiting, "class:bag", {9: "sneaker"}, 2)
    opened = page("label", **address).press("Look at all of them again")
    assert list_versions(waiting)[-1].what == "10 images labelled"
    assert coming(waiting, "class:bag") == list(range(9))
    assert not unsaved(waiting)
    assert "Look at all of them again" not in opened.text
    decide(waiting, "class:bag", {0: "bag"}, 3)
    assert coming(waiting, "class:bag") == list(range(1, 9))


def test_without_queues_the_page_names_none(page, waiting):
    from projects import edits
    from projects.versions import add_version, whole_manifest_of

    add_version(waiting, edits.set_aside(whole_manifest_of(waiting), range(42)), "all left out", 2)
    opened = page("label", project="clothes")
    assert "none that can be used has one" in opened.text
    assert not opened.widgets.selectbox


def test_leaving_the_queue_saves(page, waiting):
    from projects.versions import list_versions

    opened = page("label", project="clothes", queue="no-label")
    record_some(waiting, "no-label", 2, 2)
    opened.widgets.selectbox[0].set_value("class:bag")
    opened.look()
    assert list_versions(waiting)[-1].what == "2 images labelled"
    record_some(waiting, "no-label", 3, 2)
    opened.widgets.switch_page("views/home.py")
    opened.look()
    assert list_versions(waiting)[-1].what == "1 image labelled"


def test_the_browser_is_told_the_next_images_and_what_was_decided(waiting):
    from parts.labelling.labeller import data_of
    from projects.decisions import read_decision, record
    from projects.open_queue import open_queue
    from projects.queues import save_queue

    save_queue(waiting, "some", "Some", [2, 0, 30], 2, {30: "bag"}, {30: 0.75})
    queue = open_queue(waiting, "some", 2)
    told = data_of(waiting, queue, [], False)
    assert [item["row"] for item in told["items"]] == [2, 0, 30]
    assert told["items"][0]["labels"] == ["bag"]
    assert (told["items"][2]["suggestion"], told["items"][2]["probability"]) == ("bag", 0.75)
    assert (told["total"], told["done"]) == (3, 0)
    values = {"id": "one", "queue": "some", "version": 2, "row": 0, "act": "label", "labels": ["scarf"]}
    record(waiting, [read_decision(values, "")])
    told = data_of(waiting, queue, ["one"], False)
    assert [item["row"] for item in told["items"]] == [0, 2, 30]  # what was decided stands before what comes
    assert [each["labels"] for each in told["items"][0]["decisions"]] == [["scarf"]]
    assert told["classes"] == ["bag", "sneaker", "trouser", "scarf"]
    assert told["done"] == 1
    json.dumps(told)


def test_what_cannot_be_written_down_does_not_hold_up_the_rest(waiting):
    import streamlit as st
    from parts.labelling.labeller import _receive
    from projects.decisions import unsaved

    about = {"created": waiting.created, "queue": "no-label", "version": 2, "row": 30}
    good = {"id": "t-1", "act": "label", "labels": ["bag"], "box": None, **about}
    long, lost = good | {"id": "t-0", "labels": ["x" * 201]}, good | {"id": "t-2", "version": 9}
    other = good | {"id": "t-3", "created": waiting.created - 1}
    st.session_state["page"] = {"decisions": [long, good, lost, other, {"id": "t-4"}, None]}
    _receive("page", waiting)
    assert [each.id for each in unsaved(waiting)] == ["t-1"]
    assert st.session_state["page received"] == ["t-0", "t-1", "t-2", "t-3", "t-4"]
    for sentence in ("more than 200 characters", "not in this project", "another project", "cannot be read"):
        assert sentence in st.session_state["page refused"]


def test_classes_that_exist_are_given_as_they_are(waiting):
    import streamlit as st
    from parts.labelling.deciding import decide_all
    from parts.labelling.labeller import _receive
    from projects import edits
    from projects.decisions import unsaved
    from projects.open_queue import open_queue
    from projects.versions import add_version, whole_manifest_of

    manifest = whole_manifest_of(waiting)
    table = edits.rename_class(manifest, "bag", "x").table
    table["label"] = table["label"].replace("x", "big  cat")
    table["labels"] = table["labels"].map(lambda names: ["big  cat" if name == "x" else name for name in names])
    add_version(waiting, type(manifest)(table, manifest.root), "read from a file", 2)
    decide_all(waiting, open_queue(waiting, "no-label", 3), [30], "big  cat")
    about = {"created": waiting.created, "queue": "no-label", "version": 3, "row": 31}
    values = {"id": "t-1", "act": "label", "labels": ["big  cat"], **about}
    st.session_state["page"] = {"decisions": [values]}
    _receive("page", waiting)
    assert [each.labels for each in unsaved(waiting)] == [["big  cat"]] * 2


def test_what_a_review_calls_wrong_is_a_queue(page, waiting):
    from projects.open_queue import offered_queues, open_queue
    from projects.versions import manifest_of

    run = waiting.runs / "first"
    run.mkdir()
    (run / "config.toml").touch()
    images = manifest_of(waiting).table["image"]
    facts = {"given": "bag", "suggested": "sneaker", "probability": 0.9, "split": "train"}
    queue = [{"image": images[12], "why": "looks wrong", **facts}, {"image": images[13], "why": "doubtful", **facts}]
    for share, said in (
        (None, "judged them."),
        (0.549, "55 % of all, so many of these labels"),
        (0.96, "96 % of all."),
    ):
        (run / "review.json").write_text(json.dumps({"queue": queue, "accuracy": share}))
        assert said in open_queue(waiting, "wrong:first", 2).note
        assert said in page("label", project="clothes", queue="wrong:first").text
    assert offered_queues(waiting, 2)["wrong:first"] == "Likely wrong, by a review of first (1)"
    found = open_queue(waiting, "wrong:first", 2)
    assert (found.rows, found.suggestions, found.probabilities) == ([12], {12: "sneaker"}, {12: 0.9})


def test_what_a_run_is_unsure_of_is_a_queue(waiting):
    import numpy as np
    from projects.open_queue import open_queue
    from projects.versions import manifest_of

    from imgcls.evaluation.prediction_table import PredictionTable

    run = waiting.runs / "first"
    run.mkdir()
    rows = manifest_of(waiting).table.iloc[[3, 14, 25]].reset_index(drop=True)
    probabilities = np.array([[0.6, 0.3, 0.1], [0.0, 1.0, 0.0], [0.1, 0.5, 0.4]])
    PredictionTable(rows, ["bag", "sneaker", "trouser"], probabilities).save(run / "predictions" / "test.parquet")
    found = open_queue(waiting, "unsure:first", 2)
    assert (found.rows, found.suggestions) == ([25, 3], {25: "sneaker", 3: "bag"})


def test_many_images_get_one_class_and_it_is_undone_at_once(waiting):
    from parts.labelling.deciding import decide_all, undo_last
    from projects.decisions import unsaved
    from projects.open_queue import open_queue

    queue = open_queue(waiting, "no-label", 2)
    decide_all(waiting, queue, [30, 31], "bag")
    decide_all(waiting, queue, [32, 33, 34], "")
    assert [each.act for each in unsaved(waiting)] == ["label"] * 2 + ["aside"] * 3
    assert undo_last(waiting, queue) == 3
    assert [each.row for each in unsaved(waiting)] == [30, 31]


def test_nobody_undoes_what_another_one_decided(waiting):
    from parts.labelling.deciding import decide_all, undo_last
    from parts.labelling.labeller import data_of
    from projects.decisions import unsaved
    from projects.open_queue import open_queue

    queue = open_queue(waiting, "no-label", 2)
    decide_all(waiting, queue, [30, 31], "bag")
    decide(waiting, "no-label", {32: "sneaker"}, 2)  # in another browser
    items = data_of(waiting, queue, [], False)["items"]
    assert {item["row"]: each["own"] for item in items for each in item["decisions"]} == {30: True, 31: True, 32: False}
    assert undo_last(waiting, queue) == 2
    assert undo_last(waiting, queue) == 0
    assert [each.row for each in unsaved(waiting)] == [32]


def test_nothing_is_undone_after_a_reload_that_another_person_decided(waiting, monkeypatch):
    import streamlit as st
    from parts.labelling import deciding, own
    from projects.decisions import unsaved
    from projects.open_queue import open_queue

    at = {"who": "Anna", "browser": "one"}
    for place in (deciding, own):
        monkeypatch.setattr(place, "who", lambda: at["who"], raising=False)
        monkeypatch.setattr(place, "browser", lambda: at["browser"], raising=False)
    queue = open_queue(waiting, "no-label", 2)
    deciding.decide_all(waiting, queue, [30, 31], "bag")
    for name in list(st.session_state):
        del st.session_state[name]
    for other in ({"who": "Ben"}, {"browser": "two"}, {"browser": ""}):
        at |= {"who": "Anna", "browser": "one", **other}
        assert deciding.undo_last(waiting, queue) == 0
    at |= {"who": "Anna", "browser": "one"}
    assert deciding.undo_last(waiting, queue) == 2
    assert not unsaved(waiting)


@pytest.mark.parametrize(("label", "said"), [("bag", ""), ("sneaker", "2 of these were decided otherwise")])
def test_many_images_that_somebody_decided_otherwise_are_counted(page, waiting, monkeypatch, label, said):
    from parts import grid
    from parts.labelling import batch
    from projects.decisions import unsaved

    monkeypatch.setattr(batch, "image_grid", lambda *_, **__: grid.GridAnswer([30, 31, 32], None))
    opened = page("label", project="clothes", queue="no-label", mode="many")
    decide(waiting, "no-label", {30: "bag", 31: "bag"}, 2)  # in another browser
    opened.press({"bag": "bag · 1", "sneaker": "sneaker · 2"}[label])
    told = [toast.value for toast in opened.widgets.toast]
    assert said in told[0] if said else not told
    opened.press(f"{label} · {1 + (label == 'sneaker')}")  # what is replaced now is one's own
    assert not opened.widgets.toast
    opened.press("Undo · Z").press("Undo · Z")
    assert [(each.row, each.labels) for each in unsaved(waiting)] == [(30, ["bag"]), (31, ["bag"])]


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ({30: "bag"}, None),
        ({30: "sneaker"}, "Somebody chose “sneaker” for "),
        ({30: "sneaker", 31: "sneaker", 32: "bag"}, "2 of these were decided otherwise in another tab or by somebody"),
    ],
)
def test_who_saves_is_told_which_labels_are_what_somebody_chose_later(page, waiting, monkeypatch, theirs, said):
    from parts import grid
    from parts.labelling import batch
    from projects.versions import manifest_of

    monkeypatch.setattr(batch, "image_grid", lambda *_, **__: grid.GridAnswer([30, 31, 32], None))
    opened = page("label", project="clothes", queue="no-label", mode="many").press("bag · 1")
    decide(waiting, "no-label", theirs, 2)
    opened.press("Save these labels")
    told = [toast.value for toast in opened.widgets.toast]
    assert told[0].startswith("3 images labelled")
    assert said in told[1] if said else len(told) == 1
    assert list(manifest_of(waiting).table.loc[list(theirs), "label"]) == list(theirs.values())


def test_who_replaces_a_decision_is_told_whose_it_was(waiting):
    import streamlit as st
    from parts.labelling.labeller import _receive
    from projects.decisions import read_decision, record

    about = {"queue": "no-label", "version": 2, "row": 30, "act": "label", "labels": ["bag"]}
    about["created"] = waiting.created
    record(waiting, [read_decision({"id": "t-1", **about}, "*Anna*")])
    st.session_state["page"] = {"decisions": [{"id": "t-2", **about}]}
    _receive("page", waiting)
    assert not st.session_state.get("page note")
    st.session_state["page"] = {"decisions": [{"id": "t-3", **about, "act": "aside", "labels": []}]}
    record(waiting, [read_decision({"id": "t-4", **about}, "*Anna*")])
    _receive("page", waiting)
    note = st.session_state["page note"]
    assert note.startswith("\\*Anna\\* chose “bag” for ")
    assert note.endswith(" just now; yours counts now. Z takes yours back.")


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ({"labels": ["sneaker"]}, "got “sneaker” in the meantime, and that stays"),
        ({"labels": []}, "got none of the classes in the meantime, and that stays"),
        ({"act": "aside", "labels": []}, "was left out in the meantime, and that stays"),
        ({"labels": ["bag"]}, ""),
    ],
)
def test_who_decides_on_what_was_saved_since_is_told_that_it_stays(page, waiting, theirs, said):
    import streamlit as st
    from parts.labelling.labeller import _receive
    from projects.decisions import read_decision, record
    from projects.fold_decisions import save_decisions
    from projects.versions import manifest_of

    about = {"queue": "class:bag", "version": 2, "row": 30, "act": "label", "created": waiting.created}
    record(waiting, [read_decision({"id": "theirs-1", **about, **theirs}, "Anna")])
    save_decisions(waiting)
    before = list(manifest_of(waiting).table.loc[30, ["label", "problems"]])
    st.session_state.clear()  # of another test
    st.session_state["page"] = {"decisions": [{"id": "mine-1", **about, "labels": ["bag"]}]}
    _receive("page", waiting)
    assert said in st.session_state.get("page note", "") if said else "page note" not in st.session_state
    saving = page("label", project="clothes", queue="no-label").press("Save these labels")
    assert ("1 image was changed on another page, and stays so." in saving.widgets.toast[0].value) == bool(said)
    assert list(manifest_of(waiting).table.loc[30, ["label", "problems"]]) == before


def test_all_that_was_decided_about_an_image_is_told_to_the_browser(waiting):
    from parts.labelling.labeller import data_of
    from projects.decisions import read_decision, record
    from projects.open_queue import open_queue

    for number, label in enumerate(("bag", "sneaker")):
        values = {"id": f"t-{number}", "queue": "no-label", "version": 2, "row": 30, "act": "label", "labels": [label]}
        record(waiting, [read_decision(values, "")])
    item = data_of(waiting, open_queue(waiting, "no-label", 2), [], False)["items"][0]
    assert [each["labels"] for each in item["decisions"]] == [["bag"], ["sneaker"]]


def test_undo_says_if_there_is_nothing_to_undo(page, waiting):
    decide(waiting, "no-label", {30: "bag"}, 2)  # in another browser
    opened = page("label", project="clothes", queue="no-label", mode="many").press("Undo · Z")
    assert "nothing to undo" in opened.widgets.toast[0].value


@pytest.mark.parametrize("several", ["0", "1"])
def test_what_was_selected_before_somebody_saved_counts_where_the_data_did_not_change(
    page, waiting, monkeypatch, several
):
    from parts import grid
    from projects.edits import set_label
    from projects.versions import add_version, manifest_of, whole_manifest_of

    sent, keys = {}, []
    monkeypatch.setattr(grid, "_grid", lambda **_: sent | {"pressed": keys.pop() if keys else None})
    opened = page("label", project="clothes", queue="no-label", mode="many", several=several)
    add_version(waiting, set_label(whole_manifest_of(waiting), [30], "apron"), "1 image labelled", 2)  # by another
    sent["selected"] = {"turn": "2 0", "rows": grid._packed([30, 31, 32])}
    keys.append("2")  # the sneaker's, until the apron came
    opened.look()
    (told,) = [toast.value for toast in opened.widgets.toast]
    assert "got “apron” in the meantime, and that stays" in told.replace("\\", "")
    opened.press("Save these labels")
    labels = manifest_of(waiting).table["labels"]
    assert [list(labels[row]) for row in (30, 31, 32)] == [["apron"], ["sneaker"], ["sneaker"]]


def test_a_selection_that_is_not_shown_any_more_does_not_count(page, waiting, monkeypatch):
    from parts import grid
    from projects.decisions import unsaved
    from projects.versions import add_version, whole_manifest_of

    sent = {"selected": {"turn": "2 0", "rows": grid._packed([30, 31])}}
    monkeypatch.setattr(grid, "_grid", lambda **_: dict(sent))
    opened = page("label", project="clothes", queue="no-label", mode="many")
    add_version(waiting, whole_manifest_of(waiting), "nothing", 2)
    opened.look().press("bag · 1")
    assert "Select images first" in opened.widgets.toast[0].value
    assert not unsaved(waiting)


def test_classes_are_added_to_many_images_and_taken_away(page, waiting, monkeypatch):
    from parts import grid
    from parts.labelling import batch
    from projects.decisions import unsaved

    shown = {}

    def selecting(*arguments, **_):
        shown.update(zip(arguments[3], arguments[4] or [], strict=False))
        return grid.GridAnswer([30, 31], None)

    monkeypatch.setattr(batch, "image_grid", selecting)
    opened = page("label", project="clothes", queue="no-label", mode="many", several="1")
    opened.press("bag · 1").press("sneaker · 2").press("bag · 1")
    assert [each.labels for each in unsaved(waiting)][-2:] == [["sneaker"]] * 2
    assert shown[30] == "✓ sneaker"
    opened.press("sneaker · 2").press("As they are · 0")
    assert shown[31] == "✓ none of the classes"
    opened.press("Undo · Z").press("Undo · Z").press("Save these labels")
    assert "All is saved" in opened.text


def test_many_at_once_shows_keys_for_the_classes(page, waiting):
    opened = page("label", project="clothes", queue="no-label", mode="many")
    assert {"bag · 1", "sneaker · 2", "trouser · 3", "Leave out · X"} <= {each.label for each in opened.widgets.button}
    opened.press("bag · 1")  # with nothing selected
    assert not opened.errors


@pytest.mark.parametrize("name", ["back", "out", "same", "hide", "other"])
def test_a_class_may_be_called_as_a_button_is(page, waiting, name):
    from projects import edits
    from projects.versions import add_version, whole_manifest_of

    add_version(waiting, edits.rename_class(whole_manifest_of(waiting), "bag", name), f"bag renamed to {name}", 2)
    opened = page("label", project="clothes", queue="no-label", mode="many", several="1")
    assert not opened.errors
    assert f"{name} · 1" in [each.label for each in opened.widgets.button]


def test_a_key_whose_class_was_taken_back_decides_nothing(page, waiting, monkeypatch):
    from parts import grid
    from parts.labelling import batch
    from projects.decisions import unsaved

    monkeypatch.setattr(batch, "image_grid", lambda *_, **__: grid.GridAnswer([30, 31], None, "4"))
    opened = page("label", project="clothes", queue="no-label", mode="many")
    assert not opened.errors
    assert "no class any more" in opened.widgets.toast[0].value
    assert not unsaved(waiting)


def test_the_page_needs_no_tensorflow(waiting):
    program = (
        f"import sys; sys.path.insert(0, {str(APPS)!r})\n"
        "from parts.labelling import batch, choice, labeller, leaving, more_queues\n"
        "from projects.open_queue import open_queue\n"
        "from projects.project import list_projects\n"
        "from parts.labelling.labeller import data_of\n"
        "(project,) = list_projects()\n"
        "data_of(project, open_queue(project, 'no-label', 2), [], False)\n"
        "import imgcls.evaluation.prediction_table\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
