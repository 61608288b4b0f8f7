"""Projects on disk: made, found again, renamed, removed."""

import errno
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from projects.project import (
    PROJECTS,
    create_project,
    delete_project,
    disk_use,
    list_projects,
    not_listed,
    open_project,
    rename_project,
)

from imgcls.files import replacing


def test_a_project_is_found_again_by_its_name(here):
    made = create_project("  Wild   Flowers ")
    assert (made.name, made.title) == ("wild-flowers", "Wild Flowers")
    assert open_project("wild-flowers") == made
    assert all(folder.is_dir() for folder in (made.runs, made.jobs, made.uploads))


def test_the_one_that_was_worked_on_last_comes_first(here):
    first, second = create_project("first"), create_project("second")
    assert list_projects() == [second, first]
    (first.answers / "new").mkdir()
    assert list_projects() == [first, second]


def test_two_titles_that_make_one_name_are_two_projects(here):
    assert [create_project(title).name for title in ("Äpfel", "Öpfel")] == ["pfel", "pfel-2"]
    assert create_project("花").name == "project"


def test_a_long_title_stays_whole_and_its_name_is_cut(here):
    first, second = create_project(320 * "w"), create_project(319 * "w")
    assert (first.title, second.title) == (320 * "w", 319 * "w")
    assert (first.name, second.name) == (60 * "w", f"{60 * 'w'}-2")
    assert create_project(f"{59 * 'a'} b").name == 59 * "a"  # no hyphen at its end


@pytest.mark.parametrize("title", ["", "  "])
def test_a_title_is_needed(here, title):
    with pytest.raises(ValueError, match="no name yet"):
        create_project(title)


def test_a_title_is_taken_once_whatever_its_case(here):
    create_project("Flowers")
    other = create_project("Birds")
    with pytest.raises(ValueError, match="There is a project 'flowers' already"):
        create_project("flowers")
    with pytest.raises(ValueError, match="already"):
        rename_project(other, "FLOWERS")
    assert len(list_projects()) == 2


@pytest.mark.parametrize("name", ["nothing", "..", "../projects/flowers", "a/b", "", ".secret"])
def test_what_is_no_project_is_said_in_a_sentence(here, name):
    create_project("Flowers")
    with pytest.raises(ValueError, match="There is no project"):
        open_project(name)


@pytest.mark.parametrize("content", ["", "{}", '{"title": 1, "created": 2}', '{"title": "Birds"}', "[]"])
def test_a_damaged_project_hides_no_other(here, content):
    good, bad = create_project("Flowers"), create_project("Birds")
    (bad.folder / "project.json").write_text(content)
    assert list_projects() == [good]
    with pytest.raises(ValueError, match="'birds' cannot be opened"):
        open_project("birds")
    (said,) = not_listed()
    assert "projects/birds/project.json is damaged" in said


def test_a_copied_folder_with_a_name_of_its_own_hides_no_project(here):
    made = create_project("Flowers")
    shutil.copytree(made.folder, made.folder.with_name("flowers_backup"))
    assert list_projects() == [made]
    assert "projects/flowers_backup is not shown" in " ".join(not_listed())


def test_a_renamed_project_keeps_its_address_and_all_that_is_in_it(here):
    made = create_project("Flowers")
    (made.uploads / "one.png").write_bytes(b"12345")
    renamed = rename_project(made, "Roses")
    assert (renamed.name, renamed.title, renamed.created) == ("flowers", "Roses", made.created)
    assert rename_project(renamed, "Roses") == renamed
    assert disk_use(renamed) >= 5
    delete_project(renamed)
    assert list_projects() == []


def test_a_deleted_project_is_gone_though_something_is_written_into_it(here, monkeypatch):
    made = create_project("Flowers")
    (made.data / "0001.parquet").touch()
    remove_folder = shutil.rmtree

    def written_into(folder, *facts, **more):
        if (made.folder / "thumbnails").is_dir():
            (made.folder / "thumbnails" / "new.webp").touch()
            raise OSError(errno.ENOTEMPTY, "Directory not empty", str(folder))
        remove_folder(folder, *facts, **more)

    monkeypatch.setattr(shutil, "rmtree", written_into)
    delete_project(made)
    assert list_projects() == []
    assert [each.name for each in PROJECTS.iterdir() if each.is_dir()] == []


def test_two_who_make_a_project_of_one_title_at_once_make_one(here, monkeypatch):
    both, made = Barrier(2), []

    def met(folder):
        with suppress(BrokenBarrierError):
            both.wait(0.5)
        return replacing(folder)

    def make(_):
        with suppress(ValueError):
            made.append(create_project("Flowers"))

    monkeypatch.setattr("projects.project.replacing", met)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, range(2)))
    assert [project.title for project in list_projects()] == ["Flowers"] == [project.title for project in made]
