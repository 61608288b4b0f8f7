"""Pages that are made from the code when the documentation is built: MkDocs calls this file as a hook.

Commands are shown by their own --help, the config by its dataclasses, and the Python reference has a page for each
package, so that what is moved or renamed in the code is moved and renamed here.
"""

import ast
import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "imgcls"
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import rooms_picture  # noqa: E402

from imgcls import config as run_config  # noqa: E402
from imgcls import serve  # noqa: E402
from imgcls.__main__ import COMMANDS, summary  # noqa: E402
from imgcls.cli.flags import Setting, settings  # noqa: E402

PYTHON_PAGES = "reference/python"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the place in the navigation that belongs to the Python reference."""
    _entry(_entry(config.nav, "Reference"), "Python")[:] = [*python_pages()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are generated."""
    pages = {
        "reference/commands.md": commands_page(),
        "reference/config.md": config_page(),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text("utf-8"),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
        "images/rooms.svg": rooms_picture.drawn(PACKAGE),
        **python_pages(),
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files


def _entry(nav: list, title: str) -> list:
    """The list below a title of the navigation."""
    return next(each[title] for each in nav if isinstance(each, dict) and title in each)


def commands_page() -> str:
    """What every command prints with --help, and with --help-all where that shows more."""
    parts = [f"serve {part}" for part in serve.PARTS]  # which stand behind the command that they belong to
    names = [name for each in COMMANDS for name in (each, *(part for part in parts if part.split()[0] == each))]
    with ThreadPoolExecutor() as pool:
        texts = dict(zip(names, pool.map(_help, names), strict=True))
    lines = ["# Commands", "", "What each command prints with `--help`. `python -m imgcls` lists them."]
    for name, (first, every) in texts.items():
        lines += ["", f"## {name}", "", _summary(name), "", "```text", first, "```"]
        if every != first:
            indented = "\n".join(f"    {line}".rstrip() for line in every.splitlines())
            lines += ["", '??? note "All flags: `--help-all`"', "", "    ```text", indented, "    ```"]
    return "\n".join(lines)


def _summary(name: str) -> str:
    part = serve.part(name.split()[1:])
    return (part.__doc__ or "").splitlines()[0] if part else summary(name)


def _help(name: str) -> tuple[str, str]:
    return _printed(name, "--help"), _printed(name, "--help-all")


def _printed(name: str, flag: str) -> str:
    environment = {**os.environ, "COLUMNS": "110", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", *f"imgcls.{name}".split(), flag]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


def config_page() -> str:
    """A table of the fields of each dataclass in `imgcls.config`."""
    classes = [
        each
        for each in vars(run_config).values()
        if dataclasses.is_dataclass(each) and each.__module__ == run_config.__name__
    ]
    lines = [
        "# Config",
        "",
        "A run is described by one `TrainConfig` with a section for each subject. Every field below is a flag of the",
        "commands that use it, a field of `config.toml`, and a setting in the app.",
    ]
    for each in classes:
        lines += ["", f"## {each.__name__}", "", each.__doc__ or "", "", *_table(each)]
    return "\n".join(lines)


def _table(config_class: type) -> Iterator[str]:
    own = {field.name for field in dataclasses.fields(config_class)}
    yield "| field | takes | default | meaning |"
    yield "|---|---|---|---|"
    for each in settings(config_class):
        if len(each.path) == 1 and each.path[0] in own:
            row = (f"`{each.path[0]}`", _takes(each), f"`{each.default!r}`", each.help)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    for field in dataclasses.fields(config_class):
        if field.default_factory is not dataclasses.MISSING and dataclasses.is_dataclass(field.default_factory):
            name = field.default_factory.__name__
            yield f"| `{field.name}` | [{name}](#{name.lower()}) | | a section |"


def _takes(setting: Setting) -> str:
    """What a field takes: its choices, or the kind of its value."""
    if setting.is_yes_or_no:
        return "`True` or `False`"
    choices = setting.takes.removeprefix("{").removesuffix("}").split(",")
    return ", ".join(f"`{choice}`" for choice in choices)


def python_pages() -> dict[str, str]:
    """The pages of the Python reference: the public names, then a page for each package, by path."""
    public = _public_homes()
    pages = {f"{PYTHON_PAGES}/index.md": _public_page(public)}
    for folder in [PACKAGE, *sorted(path.parent for path in PACKAGE.rglob("*/__init__.py"))]:
        page = "/".join(folder.relative_to(PACKAGE).parts) or "foundations"
        pages[f"{PYTHON_PAGES}/{page}.md"] = _package_page(folder, public)
    return pages


@cache
def _public_homes() -> list[str]:
    """Where each public class and function of `imgcls` is defined."""
    import imgcls
    from imgcls.cli.command import import_tensorflow

    import_tensorflow()  # without the lines that its libraries write
    found = [getattr(imgcls, name) for name in imgcls.__all__ if not name.startswith("_")]
    return [f"{each.__module__}.{each.__qualname__}" for each in found]


def _public_page(public: list[str]) -> str:
    lines = ["# imgcls", "", "What `from imgcls import ...` gives."]
    for home in public:
        lines += ["", f"::: {home}"]
    return "\n".join(lines)


def _package_page(folder: Path, public: list[str]) -> str:
    """The modules of a package, each with its public classes and functions."""
    package = ".".join(folder.relative_to(ROOT).parts)
    title = package if folder != PACKAGE else "Foundations"
    lines = [f"# {title}", "", _docstring(folder / "__init__.py") if folder != PACKAGE else "Modules below all rooms."]
    for file in sorted(folder.glob("*.py")):
        if not file.stem.startswith("__") and not (folder == PACKAGE and file.stem in COMMANDS):
            lines += _module_section(f"{package}.{file.stem}", file, public)
    return "\n".join(lines)


def _module_section(module: str, file: Path, public: list[str]) -> list[str]:
    """A module's heading and members, where it has any; what stands on the public page is linked there."""
    names = _public_names(file)
    if not names:
        return []
    elsewhere = [name for name in names if f"{module}.{name}" in public]
    filters = ", ".join(f'"!^{name}$"' for name in ("_.*", *elsewhere))
    links = [f"[`{name}`][{module}.{name}] stands among the public names.\n" for name in elsewhere]
    options = ["show_root_heading: false", "show_root_toc_entry: false", f"filters: [{filters}]"]
    return ["", f"## {file.stem}", "", *links, f"::: {module}", "    options:", *(f"      {each}" for each in options)]


def _docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""


def _public_names(file: Path) -> list[str]:
    defined = ast.parse(file.read_text("utf-8")).body
    names = [each.name for each in defined if isinstance(each, ast.FunctionDef | ast.ClassDef)]
    return [name for name in names if not name.startswith("_")]
