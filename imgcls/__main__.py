"""`python -m imgcls`: the commands, a line each."""

import ast
from pathlib import Path

COMMANDS = (
    "doctor",
    "import_labels",
    "audit",
    "augment",
    "prepare",
    "models",
    "benchmark",
    "train",
    "data_service",
    "tune",
    "calibrate",
    "evaluate",
    "compare",
    "review",
    "predict",
    "explain",
    "export",
    "serve",
    "client",
    "drift",
)  # in the order of the road


def summary(command: str) -> str:
    """The first line of a command's own docstring, read without importing it."""
    docstring = ast.get_docstring(ast.parse(source(command).read_text("utf-8"))) or ""
    return docstring.splitlines()[0]


def source(command: str) -> Path:
    """The file of a command: a module, or the `__main__` of a room."""
    module = Path(__file__).parent / f"{command}.py"
    return module if module.is_file() else module.with_suffix("") / "__main__.py"


if __name__ == "__main__":
    print("imgcls: from labelled images to a served classifier\n")
    for command in COMMANDS:
        print(f"  python -m imgcls.{command:15}{summary(command)}")
    print("\n  streamlit run apps/app.py      The same road without code.")
    print("\nEach has --help with examples. Begin with: python -m imgcls.train")
