import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from imgcls.models import build_model, load_model
from imgcls.workflow.mistakes_section import MOST, mistakes_section
from imgcls.workflow.predictions import predictions_of


@pytest.fixture(scope="module")
def model(small_run):
    return load_model(small_run.require_model())


@pytest.fixture(scope="module")
def table(small_run, tmp_path_factory):
    """Predictions of which every bag is taken for a trouser."""
    table = predictions_of(small_run, "test")
    wrong = np.where(table.labels[:, None] == 0, [0.1, 0.1, 0.8], 0.7 * table.targets + 0.1)
    return replace(table, probabilities=wrong, logits=None)


def test_the_surest_mistakes_are_shown_for_both_classes(model, table):
    section = mistakes_section(model, table, "runs/small")
    assert len(section.charts) == MOST
    assert (
        "where the network looks for trouser, which it said, and for bag, which it is" in section.charts[0].description
    )
    assert section.charts[0].svg.count('<img src="data:image/jpeg;base64,') == 3
    assert list(section.commands.values()) == ["python -m imgcls.explain runs/small IMAGES"]
    assert "python -m" not in " ".join(section.sentences)


def test_what_stands_beside_a_heat_map_is_text_of_the_page(model, table):
    drawn = mistakes_section(model, table, "runs/small").charts[0].svg
    assert all(words in drawn for words in ("the image", "for trouser, which it said", "for bag, which it is"))
    (image, *_) = re.findall(r'base64,([^"]+)"', drawn)
    white = np.asarray(Image.open(io.BytesIO(base64.b64decode(image)))) == 255
    assert not white.all(axis=-1)[:3].any()  # the image's own border is black: there is no paper around it


def test_there_is_no_section_without_mistakes_or_feature_maps_or_images(model, table):
    right = replace(table, probabilities=0.7 * table.targets + 0.1)
    assert mistakes_section(model, right, "") is None
    assert mistakes_section(build_model("mlp", (28, 28, 1), table.class_names), table, "") is None
    gone = replace(table, facts={**table.facts, "root": "/nowhere"})
    assert mistakes_section(model, gone, "") is None
