"""Who may import whom, where a foreign idea may stand, and that the tests mirror the tree."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import imgcls

ROOT = Path(__file__).parents[1]
ALLOWED = {  # room: the rooms that it may import
    "data_format": "",
    "files": "",
    "framework_internals": "",
    "processor": "",
    "machine": "processor",
    "metrics": "",
    "config": "",
    "config_file": "config files",
    "image_files": "",
    "labels": "image_files",
    "layers": "data_format",
    "models": "layers data_format framework_internals files",
    "data": "labels config files image_files machine",
    "run_folder": "config config_file files models",
    "engines": "framework_internals",
    "training": "engines models layers data_format data config files processor machine run_folder framework_internals",
    "evaluation": "data config files image_files",
    "explain": "models layers data_format framework_internals data config files image_files",
    "serving": "engines data config files image_files",
    "workflow": "explain evaluation serving training engines models layers data labels config config_file files "
    "image_files run_folder processor machine",
}
APP_ROOMS = {  # room of apps/: the others of apps/ that it may import; only those with a * know Streamlit
    "projects": "",
    "safety": "projects images *",  # accounts are Streamlit's
    "jobs": "projects safety",
    "images": "projects",
    "worker": "projects safety",
    "parts": "projects safety jobs images worker *",
    "views": "projects safety jobs images worker parts *",
}
EVERYWHERE = {
    "__version__",
    "checksums",
    "command_line",
    "counted",
    "durations",
    "file_lock",
    "heard_signals",
    "layer_precision",
    "living_process",
    "metrics",
    "named_layer",
    "nearest_name",
    "progress",
    "tensor_float_32",
}  # floors below all rooms
ADDRESSES = {  # foreign idea: the only places where it may stand
    "streamlit": ("apps/",),
    "openvino": ("imgcls/engines/",),
    "onnx": ("imgcls/engines/",),
    "onnxruntime": ("imgcls/engines/",),
    "tf2onnx": ("imgcls/engines/",),
    "ai_edge_litert": ("imgcls/engines/",),
    "rich": ("imgcls/cli/terminal.py",),
    "optuna": ("imgcls/workflow/search.py", "imgcls/cli/run_tune.py"),
    "tensorflow_datasets": ("imgcls/labels/tfds.py",),
    "keras_cv": ("imgcls/data/augmentation/layer_classes.py", "imgcls/models/foreign/keras_cv_layers.py"),
    "keras_hub": ("imgcls/models/foreign/keras_hub_layers.py",),
}
ATTRIBUTES = {
    "tf.data": (
        "imgcls/data/",
        "imgcls/workflow/image_data.py",  # the same
        "imgcls/labels/formats/tfrecord.py",  # reads records
        "imgcls/training/stage_batches.py",  # features, which are no images
        "imgcls/training/step_calls.py",  # lets TensorFlow take several at once
        "imgcls/training/devices/device_batches.py",  # lets a GPU have them ahead
        "imgcls/training/trainer.py",  # is handed them
        "imgcls/serving/guarded_reading.py",  # inside a SavedModel
        "imgcls/serving/warmup.py",  # TFRecord of TensorFlow Serving
    ),
    "tf.distribute": (
        "imgcls/training/devices/",
        "imgcls/training/run.py",
        "imgcls/training/trainer.py",
        "imgcls/training/step.py",
        "imgcls/training/random_state.py",
        "imgcls/framework_internals.py",
    ),
}
COMMANDS = {
    "audit", "augment", "benchmark", "calibrate", "client", "compare", "data_service", "doctor", "drift", "evaluate",
    "export", "import_labels", "predict", "prepare", "review", "serve", "train", "tune", "__main__",
}  # fmt: skip
MARKDOWN = {  # functions that take the text before which so many arguments stand as Markdown
    **dict.fromkeys(
        ["badge", "button", "caption", "checkbox", "error", "expander", "header", "info", "markdown", "metric", "pills",
         "popover", "radio", "selectbox", "spinner", "status", "subheader", "success", "text_input", "title", "toast",
         "toggle", "warning", "write"], 0,
    ),
    "image": 1, "progress": 1, "link": 2,
}  # fmt: skip
OF_OTHERS = {"decision", "doing", "message", "name", "problem", "source", "title", "who"}  # what holds others' words
OURS = {  # of these names, those that hold our own
    "add_images.py: card.title",
    "beginning.py: load_card(SAMPLE).title",
    "cards.py: answer.title",
    "large_image.py: name",
    "more_queues.py: jobs[0].title",
    "new_run.py: answer.title",
    "sections.py: section.title",
}
ACROSS = {  # tests that ask the same of many files, or of the repository
    "apps/test_attack",
    "apps/test_deployed_in_browser",
    "apps/test_in_browser",
    "apps/test_predict_in_browser",
    "apps/test_several_classes_in_browser",
    "apps/test_sources_in_browser",
    "apps/test_whole_road_in_browser",
    "data/audit/test_audit",
    "data/audit/test_looks",
    "data/images/test_every_format",
    "data/test_crops",
    "engines/test_every_architecture",
    "evaluation/test_report_in_browser",
    "explain/methods/test_every_architecture",
    "labels/test_all_accounted",
    "labels/test_fuzz",
    "layers/test_every_layer",
    "models/architectures/test_architectures",
    "models/foreign/test_whole_road",
    "models/test_unsafe_files",
    "models/weights/test_torch_answers",
    "serving/server/rest/test_any_json",
    "serving/server/rest/test_try_page",
    "test_deploy",
    "test_documentation",
    "test_doctests",
    "test_export_of_networks",
    "test_notebook",
    "test_outputs",
    "test_readme",
    "test_rooms",
    "test_to_tfds",
    "training/devices/test_devices",
    "training/devices/test_workers",
    "training/test_beginnings",
    "training/test_own_network",
    "training/test_several_labels",
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} if node.module != "imgcls" else {f"imgcls.{alias.name}" for alias in node.names}
    return found


def attributes(path: Path, name: str) -> list[ast.Attribute]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and node.attr == name]


def sources() -> list[Path]:
    return sorted([*(ROOT / "imgcls").rglob("*.py"), *(ROOT / "apps").rglob("*.py")])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_the_rooms_below_it(room):
    files = [path for path in sources() if path.relative_to(ROOT).with_suffix("").parts[:2] == ("imgcls", room)]
    strangers = {
        f"{name_of(path)}: {name}"
        for path in files
        for name in imports(path)
        if name.startswith("imgcls.") and name.split(".")[1] not in set(ALLOWED[room].split()) | EVERYWHERE | {room}
        if path.name != "__main__.py"  # a command
    }
    assert not strangers


@pytest.mark.parametrize("room", sorted(APP_ROOMS))
def test_a_room_of_the_app_imports_only_the_rooms_below_it(room):
    allowed = {*APP_ROOMS[room].replace("*", "streamlit").split(), room}
    strangers = {
        f"{name_of(path)}: {name}"
        for path in (ROOT / "apps" / room).rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] in {*APP_ROOMS, "streamlit"} - allowed
    }
    assert not strangers


def test_every_room_has_a_row():
    rooms = {path.name for path in (ROOT / "imgcls").iterdir() if (path / "__init__.py").is_file()}
    assert rooms - set(ALLOWED) == {"cli"}  # which shows what all of them say


def test_the_imports_have_no_circle():
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in sources()
    }
    below = {name: top_level_imports(path) & set(names) for name, path in names.items()}
    done: set[str] = set()
    while ready := {name for name, others in below.items() if name not in done and others - {name} <= done}:
        done |= ready
    assert set(below) - done == set()


def top_level_imports(path: Path) -> set[str]:
    """The modules that are imported with this one; not those that a function imports when it is called."""
    found = set()
    for node in tree(path).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = {f"{node.module}.{alias.name}" for alias in node.names}
            files = {module for module in modules if module_file(module)}
            found |= files | ({node.module} if len(files) < len(modules) else set())
    return found


def module_file(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def test_nobody_imports_a_command():
    importers = {
        f"{name_of(path)}: {name}"
        for path in [*sources(), *(ROOT / "benchmarks").glob("*.py")]
        for name in imports_of_modules(path)
        if name.startswith("imgcls.") and name.split(".")[1] in COMMANDS
    }
    assert importers == set()


def imports_of_modules(path: Path) -> set[str]:
    """As `imports`; without names of the package that are functions, such as `imgcls.audit`."""
    return {name for name in imports(path) if name.removeprefix("imgcls.") not in imgcls.__all__}


@pytest.mark.parametrize("package", sorted(ADDRESSES))
def test_a_foreign_idea_has_one_address(package):
    users = {name_of(path) for path in sources() if package in {n.split(".")[0] for n in imports(path)}}
    assert {user for user in users if not user.startswith(ADDRESSES[package])} == set()
    assert users


@pytest.mark.parametrize("idea", sorted(ATTRIBUTES))
def test_a_part_of_tensorflow_stands_where_it_belongs(idea):
    users = {
        name_of(path)
        for path in sources()
        for node in attributes(path, idea.rpartition(".")[2])
        if ast.unparse(node) == idea
    }
    assert {user for user in users if not user.startswith(ATTRIBUTES[idea])} == set()
    unused = {place for place in ATTRIBUTES[idea] if not any(user.startswith(place) for user in users)}
    assert unused == set()


def test_pillow_opens_files_in_one_place():
    """Where the formats are limited, warnings kept away and all errors made a reason."""
    users = {
        name_of(path)
        for path in sources()
        for node in attributes(path, "open")
        if ast.unparse(node.value).endswith("Image")
    }
    assert users == {"imgcls/image_files.py"}


def test_a_part_of_a_page_that_runs_by_itself_shows_no_traceback():
    users = {
        name_of(path) for path in sources() for node in attributes(path, "fragment") if ast.unparse(node.value) == "st"
    }
    assert users == {"apps/parts/fragment.py"}


def test_what_is_called_before_a_page_runs_shows_no_traceback():
    """Streamlit calls it outside of all that a page explains."""
    given = {
        (name_of(path), ast.unparse(named.value))
        for path in sources()
        if name_of(path).startswith("apps/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("st.", "_"))
        for named in node.keywords
        if re.fullmatch("on_[a-z_]+", named.arg or "") and not isinstance(named.value, ast.Constant)
    }
    assert {each for each in given if not each[1].startswith("callback(") and each[1] != "lambda: None"} == set()


def test_what_others_named_is_no_markdown_on_a_page():
    """A class may be called $x$ and $y$, a file :red[a].jpg; `plain` keeps their signs."""
    unescaped = {
        f"{path.name}: {ast.unparse(part)}"
        for path in sources()
        if name_of(path).startswith("apps/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        for text in markdown_of(node)
        for part in unescaped_parts(text)
        if getattr(part, "attr", "") in OF_OTHERS or getattr(part, "id", "") == "name"
    }
    assert unescaped == OURS


def called(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition(".")[2]


def markdown_of(node: ast.Call) -> list[ast.expr]:
    """The arguments of a call that a page shows as Markdown."""
    if called(node) not in MARKDOWN:
        return []
    place = MARKDOWN[called(node)]
    named = [each.value for each in node.keywords if each.arg in ("label", "help", "text", "caption")]
    return [*node.args[place : place + 1], *named]


def unescaped_parts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and called(node).lstrip("_") in ("plain", "in_page"):
        return
    yield node
    for part in ast.iter_child_nodes(node):
        if part is not getattr(node, "test", None):  # of "a if test else b", which is not shown
            yield from unescaped_parts(part)


def test_the_public_names_are_typed_where_they_are_imported():
    (block,) = [node for node in tree(ROOT / "imgcls" / "__init__.py").body if isinstance(node, ast.If)]
    typed = {alias.asname: node.module for node in block.body for alias in node.names}
    assert typed == imgcls._ADDRESSES
    assert set(imgcls.__all__) == {"__version__", *typed}


def test_a_function_is_not_hidden_by_the_command_of_its_name():
    __import__("imgcls.audit")
    assert callable(imgcls.audit)
    assert callable(imgcls.import_labels)


def test_the_tests_mirror_the_tree():
    tests = {
        path.relative_to(ROOT / "tests").with_suffix("").as_posix() for path in (ROOT / "tests").rglob("test_*.py")
    }
    assert {test for test in tests if not is_mirrored(test) and test not in ACROSS} == set()


def is_mirrored(test: str) -> bool:
    """Whether there is what this test is named after, at the same place in package, app or documentation."""
    folder, _, name = test.rpartition("test_")
    places = [ROOT / "imgcls" / folder / name]
    if folder == "apps/":
        places = [ROOT / "apps" / "views" / name.removesuffix("_view"), *(ROOT / "apps").rglob(f"{name}*")]
    if folder == "docs/":
        return (ROOT / "docs" / f"{name.replace('extend_', 'extend/')}.md").is_file()
    return any(place.with_suffix(".py").is_file() or place.is_dir() for place in places)
