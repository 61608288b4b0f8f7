"""The code of the pages in docs/, for tests that run it."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def code_of(page: str) -> str:
    """All Python code blocks of a page, such as "extend/augmentation.md", one after the other."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL))
