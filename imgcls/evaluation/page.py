"""HTML pages from the templates of this folder, each one file with everything inside."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import jinja2
import markupsafe

from imgcls.files import replacing

FOLDER = "imgcls.evaluation"


def write_page(path: Path, template: str, values: Mapping[str, object]) -> None:
    """Write a page, whole or not at all.

    Args:
        path: The HTML file.
        template: Name of a file beside this one.
        values: What the template names; `written` is added, the time in UTC, and `inlined(name)`, the text of another
            file beside this one, such as a style.

    Raises:
        OSError: The file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(FOLDER, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = environment.get_template(template).render(**values, written=written, inlined=inlined)
    with replacing(path) as partial:
        partial.write_text(text, "utf-8", errors="backslashreplace")  # names of files need not be Unicode


def inlined(name: str) -> markupsafe.Markup:
    """The text of a file beside this one, as a page holds it."""
    return markupsafe.Markup(files(FOLDER).joinpath(name).read_text("utf-8"))
