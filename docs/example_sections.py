"""Griffe reads `Example:` in a docstring as it reads `Examples:`, so that its `>>>` lines are shown as code."""

import re

import griffe


class ExampleSections(griffe.Extension):
    """Changes the docstrings of all objects before they are parsed."""

    def on_object(self, *, obj: griffe.Object, **kwargs: object) -> None:
        """Rename the section, and end the sentence before an indented block as Markdown ends it."""
        if obj.docstring:
            text = re.sub(r"^(\s*)Example:[ ]*$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = re.sub(r"::$", ":", text, flags=re.MULTILINE)
