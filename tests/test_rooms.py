"""Who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "data_format": set(),
    "files": set(),
    "framework_internals": set(),
    "processor": set(),
    "metrics": set(),
    "config": {"files"},
    "image_files": set(),
    "labels": {"image_files"},
    "layers": {"data_format"},
    "models": {"layers", "data_format", "framework_internals"},
    "data": {"labels", "config", "files", "image_files"},
    "run_folder": {"config", "files", "models"},
    "training": {"models", "layers", "data", "config", "files", "processor", "run_folder", "framework_internals"},
    "evaluation": {"data", "config", "files", "image_files"},
    "explain": {"data", "config", "files"},
    "serving": {"data", "config", "files", "image_files"},
    "workflow": {
        *("evaluation", "serving", "training", "models", "layers", "data", "labels"),
        *("config", "files", "image_files", "run_folder", "cli"),
    },
    "cli": {"config", "data"},
}
EVERYWHERE = {"__version__", "counted", "metrics"}  # floors below all rooms
ADDRESSES = {  # foreign package: the only places that may import it
    "streamlit": ("apps/",),
    "rich": ("imgcls/cli/terminal.py", "imgcls/train.py"),
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} if node.module != "imgcls" else {f"imgcls.{alias.name}" for alias in node.names}
    return found


def sources() -> list[Path]:
    return sorted([*(ROOT / "imgcls").rglob("*.py"), *(ROOT / "apps").rglob("*.py")])


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_the_rooms_below_it(room):
    files = [path for path in sources() if path.relative_to(ROOT).with_suffix("").parts[:2] == ("imgcls", room)]
    strangers = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in imports(path)
        if name.startswith("imgcls.") and name.split(".")[1] not in ALLOWED[room] | EVERYWHERE | {room}
        if not (path.name == "__main__.py" and name.split(".")[1] == "cli")
    }
    assert not strangers


@pytest.mark.parametrize("package", sorted(ADDRESSES))
def test_a_foreign_idea_has_one_address(package):
    users = {
        path.relative_to(ROOT).as_posix() for path in sources() if package in {n.split(".")[0] for n in imports(path)}
    }
    assert {user for user in users if not user.startswith(ADDRESSES[package])} == set()


def test_pillow_opens_files_in_one_place():
    """Where the formats are limited, warnings kept away and all errors made a reason."""
    users = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "open" and ast.unparse(node.value).endswith("Image")
    }
    assert users == {"imgcls/image_files.py"}


def test_the_package_raises_and_never_asserts():
    with_assert = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    ]
    assert with_assert == []
