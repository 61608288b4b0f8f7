"""How commands begin, speak and end."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import tensorflow as tf
import tyro

from imgcls import serve
from imgcls.__main__ import COMMANDS, source
from imgcls.cli import command
from imgcls.cli.flags import settings
from imgcls.files import write_json
from imgcls.training.step import StepOptions
from imgcls.training.trainer import Trainer

ROOT = Path(__file__).parents[2]


def python(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


def module_of(name: str) -> ModuleType:
    return importlib.import_module(".".join(source(name).relative_to(ROOT).with_suffix("").parts))


def options_of(name: str) -> type:
    return module_of(name).Options


def test_importing_the_package_imports_nothing_heavy():
    loaded = python("-c", "import sys, imgcls; print(*sys.modules)").stdout.split()
    assert not {"tensorflow", "keras", "pandas", "numpy"} & set(loaded)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_imports_no_tensorflow_and_shows_an_example(name):
    code = f"import sys, runpy; sys.argv = ['{name}', '--help']\ntry: runpy.run_module('imgcls.{name}', run_name='__main__')\nexcept SystemExit: print(*sys.modules)"  # noqa: E501
    done = python("-c", code)
    assert f"python -m imgcls.{name} " in done.stdout
    assert "tensorflow" not in done.stdout.split()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_the_help_are_flags_that_exist(name):
    module = module_of(name)
    examples = re.findall(rf"python -m imgcls\.{name}\b ?(.*)", module.__doc__)
    assert examples
    for example in examples:
        tyro.cli(module.Options, args=shlex.split(example), config=(tyro.conf.OmitArgPrefixes,))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_is_explained(name):
    every = settings(options_of(name))
    assert [each.flag for each in every if not each.help] == []
    assert len({each.flag for each in every}) == len(every)


def test_help_shows_what_people_use_first_and_help_all_the_rest_with_the_presets_numbers():
    first, every = (python("-m", "imgcls.train", asked).stdout for asked in ("--help", "--help-all"))
    flags = [each.flag for each in settings(options_of("train"))]
    shown = [flag for flag in flags if f"\n  {flag}" in first]
    assert 10 <= len(shown) <= 15
    assert {"--data", "--model", "--epochs", "--resume"} <= set(shown)
    assert f"all {len(flags)} flags" in first
    assert [flag for flag in flags if f"\n  {flag}" not in every] == []
    assert "default: light, which is horizontal_flip 0.5, crop_scale 0.64" in " ".join(first.split())
    assert "--rotation FLOAT largest angle in degrees, to either side (presets: standard 10, rare 15)" in " ".join(
        every.split()
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train --epoch 3", "There is no flag --epoch. Did you mean '--epochs'?"),
        ("train --no-standardise", "There is no flag --no-standardise. Did you mean '--no-standardize'?"),
        ("train --xyzzy", "There is no flag --xyzzy. --help-all shows all flags."),
        ("train --epochs three", "--epochs is 'three'; expected a whole number."),
        ("train --learning_rate=fast", "--learning-rate is 'fast'; expected a number."),
        ("train --batch-size big", "--batch-size is 'big'; expected a whole number."),
        ("train --config", "--config stands there without a path."),
        ("import_labels a --export yolo", "There is no flag --export. It is called --convert-to since version 0.2."),
        ("train --mirror 0.5", "There is no flag --mirror. It is called --horizontal-flip since version 0.2."),
        (
            "train --patience 3",
            "There is no flag --patience. It is called --early-stopping-patience since version 0.2.",
        ),
        ("train --color --epochs 3", "--color stands there without one of auto, rgb, grayscale."),
        ("train --normalization grup", "expected one of batch, group, layer, channel, none. Did you mean 'group'?"),
        ("train --focal-gamma 3", "--focal-gamma goes with --loss focal, not with --loss cross_entropy."),
        ("train photos", "'photos' stands there without a flag."),
        ("tune --trails 3", "There is no flag --trails. Did you mean '--trials'?"),
        ("evaluate runs/a --split tset", "--split is 'tset'; expected one of test, validation, train."),
        ("export", "RUN is missing: folder of the run. --help shows examples."),
        ("serve a --port abc", "--port is 'abc'; expected a whole number."),
        ("models shw", "ACTION is 'shw'; expected one of list, show. Did you mean 'show'?"),
        ("audit a --box-margin 0.3", "--box-margin widens crops, and --boxes is single. Add --boxes crop."),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_in_one_line(line, said, monkeypatch, capsys):
    name, *arguments = line.split()
    module = module_of(name)
    monkeypatch.setattr(sys, "argv", [module.__file__, *arguments])
    with pytest.raises(SystemExit) as ended:
        command.run(module.main, module.Options, module.__doc__)
    shown = capsys.readouterr()
    assert ended.value.code == command.BAD_INPUT
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("error: ")
    assert said in shown.err


def test_the_list_of_commands_names_every_command_once():
    printed = python("-m", "imgcls").stdout
    with_options = {path for path in (ROOT / "imgcls").rglob("*.py") if "class Options:" in path.read_text("utf-8")}
    parts = {ROOT.joinpath(*module.split(".")).with_suffix(".py") for module in serve.PARTS.values()}
    assert {source(name) for name in COMMANDS} == with_options - parts
    assert parts <= with_options
    for name in COMMANDS:
        first_line = ast.get_docstring(ast.parse(source(name).read_text("utf-8"))).splitlines()[0]
        assert printed.count(first_line) == 1


def test_a_reader_that_has_seen_enough_is_no_error():
    done = subprocess.run(f"{sys.executable} -m imgcls.models | head -1", shell=True, cwd=ROOT, capture_output=True)
    assert done.stderr == b""


def test_a_fault_of_ours_ends_in_one_line_and_a_file_with_the_traceback(capsys):
    assert command.guarded(lambda: [].pop()) == command.FAULT
    said = capsys.readouterr().err
    assert said.startswith("error: IndexError: pop from empty list")
    assert "Traceback" not in said
    assert "Traceback" in Path(said.split()[-1]).read_text("utf-8")


def test_a_value_error_of_a_library_is_not_taken_for_bad_input():
    assert command.guarded(lambda: int("three")) == command.FAULT


@pytest.mark.parametrize(
    ("work", "code", "said"),
    [
        (lambda folder: (folder / ("x" * 300)).mkdir(), 2, "xx cannot be used: its name is too long. Choose a shorter"),
        (lambda folder: (folder / "file" / "a").mkdir(), 2, "/file cannot be used: it is a file where a folder is"),
        (lambda folder: (folder / "file").mkdir(), 2, "/file cannot be used: it is a file where a folder is"),
        (lambda folder: (folder / "gone").read_text(), 2, "/gone cannot be used: there is no such file or folder"),
        (lambda folder: write_json(folder, {}), 2, " cannot be used: it is a folder where a file is needed"),
        (lambda folder: Path("/sys/imgcls").mkdir(), 2, "/sys/imgcls cannot be used: "),
        (lambda folder: write_json("/dev/full/a", {}), 2, "/dev/full"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_about_the_path(tmp_path, capsys, work, code, said):
    (tmp_path / "file").touch()
    assert command.guarded(lambda: work(tmp_path)) == code
    printed = capsys.readouterr().err
    assert said in printed
    assert "not expected" not in printed


def test_a_disk_that_is_full_is_a_sentence_also_where_the_system_names_no_file(capsys):
    assert command.guarded(lambda: Path("/dev/full").write_text("x")) == command.FAULT
    assert capsys.readouterr().err == "error: The disk is full. Make room, or choose another disk.\n"


def test_a_file_that_cannot_grow_is_the_machines_fault_and_leaves_nothing(tmp_path):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from imgcls.cli import command; from imgcls.files import write_json\n"
        "sys.exit(command.guarded(lambda: write_json(sys.argv[1], 'x' * 5000)))"
    )
    done = python("-c", code, str(tmp_path / "a.json"))
    assert done.returncode == command.FAULT
    assert f"error: {tmp_path}/a.json cannot be used: the file would be larger than the system allows" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_installation_that_is_gone_is_not_blamed_on_the_user(capsys):
    assert command.guarded(lambda: (Path(command.__file__).parent / "gone").read_text()) == command.FAULT
    assert "This was not expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "value"), [("", None), ("--deterministic", True), ("--no-deterministic --epochs 3", False)]
)
def test_a_yes_or_no_that_is_not_given_stays_open(line, value, monkeypatch):
    train = module_of("train")
    monkeypatch.setattr(sys, "argv", [train.__file__, *line.split()])
    options = command.parse(train.Options, train.__doc__)
    assert options.train.training.deterministic is value


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor\nmore"),
            "(OOM when allocating tensor)",
        ),
        (
            tf.errors.InternalError(None, None, "failed initializing StreamExecutor: CUDA_ERROR_OUT_OF_MEMORY"),
            "The card has no memory left: another process has taken it",
        ),
        (
            tf.errors.InternalError(None, None, "cudaSetDevice() on GPU:0 failed. Status: out of memory"),  # of an H200
            "The card has no memory left: another process has taken it",
        ),
    ],
)
def test_memory_that_does_not_suffice_is_a_sentence(error, said, capsys):
    def work():
        raise error

    assert command.guarded(work) == command.FAULT
    shown = capsys.readouterr().err
    assert said in shown
    assert "not expected" not in shown


def test_a_batch_that_does_not_fit_is_a_sentence_of_the_trainer(capsys):
    trainer = Trainer.__new__(Trainer)
    trainer.options, trainer.batch_size = StepOptions(), 3
    trainer.strategy = tf.distribute.get_strategy()

    def work():
        trainer.divide_further(tf.errors.ResourceExhaustedError(None, None, "OOM"))

    assert command.guarded(work) == command.FAULT
    assert capsys.readouterr().err.startswith("error: A batch of 3 images does not fit into memory.")
