"""What a text means, for every field that a config has."""

import dataclasses
from typing import get_type_hints

import pytest

from imgcls.config import TrainConfig
from imgcls.workflow.field_values import read_value
from imgcls.workflow.flat_options import flat

HINTS = {
    name: kind
    for section in dataclasses.fields(TrainConfig)
    if dataclasses.is_dataclass(section.type)
    for name, kind in get_type_hints(section.type, include_extras=True).items()
}


@pytest.mark.parametrize("name", sorted(HINTS))
def test_the_default_of_every_field_is_read_as_itself(name):
    value = flat(TrainConfig())[name]
    if value is None or isinstance(value, tuple) or value == "":
        return
    found = read_value(str(value), HINTS[name])
    assert (found, type(found)) == (value, type(value))
