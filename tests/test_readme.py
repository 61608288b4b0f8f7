"""What README and the documentation say is run: the five commands, the Python lines, the flags, the files."""

import contextlib
import dataclasses
import importlib
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from typing import get_type_hints

import pytest
import tyro

import imgcls
from imgcls import serve as imgcls_serve
from imgcls.__main__ import COMMANDS, source
from tests.conftest import ROOT, SAMPLE, copy_sample

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / folder / "README.md" for folder in ("datasets", "deploy", "saved_models")),
]
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)
FIVE = README.partition("**The command line**")[2].partition("```sh\n")[2].partition("```")[0]
LINES = re.findall(r"python -m imgcls\.(\w+) ?([^#`\n]*)", TEXT)
SMALLER = (
    "--data",
    "datasets/fashion_mini",
    "--epochs",
    1,
    "--batch-size",
    16,  # a part of the sample, one epoch,
    "--model",
    "lenet5_relu",
    "--name",
    "fashion_mini-resnet20-1",
)  # and a network that is built in no time
OTHERS = {  # no fields of a command: of every command, TensorBoard, Streamlit, the app, and datasets/to_tfds.py
    "--server",
    "--help", "--help-all", "--logdir", "--root", "--allow-network-files", "--runner",
    "--data-binary", "--rm", "--read-only", "--tmpfs", "--install", "--from-literal",  # of curl, docker, helm, kubectl
    "--nodes", "--ntasks-per-node", "--gpus-per-node", "--requeue",  # of Slurm
}  # fmt: skip


def options_of(name: str, arguments: str = "") -> type:
    if name == "serve" and (part := imgcls_serve.part(arguments.split()[:1])):
        return part.Options
    return importlib.import_module(".".join(source(name).relative_to(ROOT).with_suffix("").parts)).Options


def flags_of(options: type) -> set[str]:
    """The flags of a command, of which --no-... turns one off."""
    flags = set()
    for name, kind in get_type_hints(options).items():
        spelled = name.replace("_", "-")
        flags |= flags_of(kind) if dataclasses.is_dataclass(kind) else {f"--{spelled}", f"--no-{spelled}"}
    return flags


@pytest.mark.parametrize(("name", "arguments"), sorted({line for line in LINES if line[1].strip()}))
def test_every_command_that_is_named_has_flags_that_exist(name, arguments):
    arguments = shlex.split(arguments.replace(" RUN", " runs/a").strip())
    options = options_of(name, *arguments[:1])
    has_part = options is not options_of(name)
    tyro.cli(options, args=arguments[has_part:], config=(tyro.conf.OmitArgPrefixes,))


def test_every_flag_that_is_named_exists():
    parts = [options_of("serve", part) for part in imgcls_serve.PARTS]
    known = set().union(*map(flags_of, [*map(options_of, COMMANDS), *parts]))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) - known - OTHERS == set()


def test_every_file_of_the_project_that_is_named_is_there():
    folders = "benchmarks|configs|deploy|datasets|apps|tests|docs|examples"
    pages = [page for page in PAGES if page.parent.name != "extend"]  # which name the files of their examples
    text = "\n".join(page.read_text("utf-8") for page in pages)
    named = re.findall(rf"(?<![\w/])((?:{folders})/[\w./-]*\w)", text)
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_there_are_as_many_networks_as_the_guide_says():
    code = "from imgcls.models import list_models; print(len(list_models()))"
    count = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"There are {count.strip()} networks" in (ROOT / "docs" / "guides" / "networks.md").read_text("utf-8")


def test_the_tree_of_readme_is_true():
    """Every name in it is there, and every room of the package and folder of the project is named."""
    tree = README.partition("## The tree")[2].split("```")[1]
    named = {
        f"imgcls/{name}" if line.startswith(" ") else name
        for line in tree.splitlines()
        for name in re.split(r" {2,}", line.strip())[0].split()
    }
    assert {name for name in named if not (ROOT / name).exists()} == set()
    rooms = {f"imgcls/{path.parent.name}/" for path in (ROOT / "imgcls").glob("*/__init__.py")}
    folders = {f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and any(path.glob("**/*.py"))}
    untracked = {"build/", "dist/", "site/", "runs/", "audits/", "manifests/", "saved_models/"}
    assert {each for each in rooms | folders if not each.startswith(".")} - named - untracked == set()


def test_the_newest_release_of_the_changelog_is_this_version():
    newest = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[1]
    assert newest == imgcls.__version__


@pytest.mark.thorough
def test_the_python_lines_work_as_they_stand_there(tmp_path, monkeypatch):
    copy_sample(tmp_path / "photos", ("bag", "sneaker", "trouser"), 40, 10)
    shutil.copy(next((SAMPLE / "test" / "bag").iterdir()), tmp_path / "new.jpg")  # a PNG, whatever its name
    monkeypatch.chdir(tmp_path)
    lines = re.search(r"```python\n(from imgcls import ImageClassifier\n.*?)```", README, re.DOTALL)[1]
    smaller = lines.replace('model="auto", epochs=10', 'model="lenet5_relu", epochs=2, batch_size=16')
    assert smaller != lines
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(smaller, {})
    assert re.search("bag|sneaker|trouser", printed.getvalue())
    assert (tmp_path / "saved_models" / "photos" / "1" / "saved_model.pb").is_file()


def next_steps(printed: str) -> list[str]:
    """The commands that a command names as the next ones."""
    return [line.strip() for line in printed.partition("\nNext:\n")[2].splitlines()]


@pytest.mark.slow
def test_the_five_commands_work_as_they_stand_there_and_each_names_the_next(tmp_path, command, monkeypatch):
    copy_sample(tmp_path / "datasets" / "fashion_mini", ("bag", "sneaker", "trouser"), 40, 10)
    shown = re.search(r'"datasets/fashion_mini/(test/bag/[^"]+)"', README)[1]
    shutil.copy(SAMPLE / shown, tmp_path / "datasets" / "fashion_mini" / shown)
    monkeypatch.chdir(tmp_path)
    lines = [shlex.split(line, comments=True)[2:] for line in FIVE.splitlines() if line]
    assert [line[0] for line in lines] == [f"imgcls.{n}" for n in ("train", "evaluate", "predict", "export", "serve")]
    printed = {}
    for module, *arguments in lines[:4]:
        name = module.removeprefix("imgcls.")
        result = command(name, *arguments, *(SMALLER if name == "train" else ()))
        assert (result.code, result.err) == (0, "")
        printed[name] = next_steps(result.out)
        for step in printed[name]:
            _, _, next_module, *flags = shlex.split(step, comments=True)
            tyro.cli(options_of(next_module.removeprefix("imgcls.")), args=flags, config=(tyro.conf.OmitArgPrefixes,))
    export, serve = (" ".join(["python", "-m", *line]) for line in lines[3:])
    assert export in printed["train"]
    assert export in printed["evaluate"]
    assert export in printed["predict"]
    assert serve in printed["export"]
    images = list((tmp_path / "datasets/fashion_mini/test/bag").iterdir())
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 1 + len(images)
    serve_and_ask(lines[4])


def serve_and_ask(line: list[str]) -> None:
    """Serve as README says, but on a port that is free, and ask with README's own lines."""
    process = subprocess.Popen(
        [sys.executable, "-m", *line, "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = re.search(r"http://[\d.:]+", process.stdout.readline())[0]
        asked = re.search(r"```python\n(from imgcls import Client\n.*?)```", README, re.DOTALL)[1]
        with contextlib.redirect_stdout(io.StringIO()) as answered:
            names = {}
            exec(asked.replace("http://127.0.0.1:8501", address), names)
            names["client"].close()
        assert re.search("bag|sneaker|trouser", answered.getvalue())
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
