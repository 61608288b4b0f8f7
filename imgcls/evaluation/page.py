"""HTML pages from the templates of this folder, each one file with everything inside."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import jinja2

from imgcls.files import replacing


def write_page(path: Path, template: str, values: Mapping[str, object]) -> None:
    """Write a page, whole or not at all.

    Args:
        path: The HTML file.
        template: Name of a file beside this one.
        values: What the template names; `written` is added, the time in UTC.

    Raises:
        OSError: The file cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("imgcls.evaluation", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    with replacing(path) as partial:
        partial.write_text(environment.get_template(template).render(**values, written=written), "utf-8")
