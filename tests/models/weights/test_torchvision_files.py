"""The table of torchvision's weight files."""

import re

import pytest

from imgcls.models import find_architecture
from imgcls.models.weights.make_torchvision_table import THEIRS
from imgcls.models.weights.torchvision_files import CHECKSUM, check, facts_of


@pytest.mark.parametrize("architecture", THEIRS)
def test_every_network_of_the_table_reads_the_names_of_torchvision(architecture):
    assert any("torchvision" in names.project for names in find_architecture(architecture).state_dicts)
    facts = facts_of(architecture, "IMAGENET1K_V1")
    assert CHECKSUM.search(facts.file)
    assert 50 < facts.top1 < 90
    assert 0.8 < facts.pixels.preprocessing["crop_share"] <= 1


def test_unknown_networks_and_weights():
    with pytest.raises(ValueError, match="torchvision has no weights of lenet5"):
        facts_of("lenet5", "IMAGENET1K_V1")
    with pytest.raises(ValueError, match=re.escape("There are: IMAGENET1K_V1, IMAGENET1K_V2.")):
        facts_of("resnet50_v1_5", "IMAGENET1K_V3")


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "resnet18-f37072fd.pth"
    path.write_bytes(b"half")
    with pytest.raises(ValueError, match="does not begin with f37072fd"):
        check(path)
