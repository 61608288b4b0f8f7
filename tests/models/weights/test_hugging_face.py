"""Downloads from a hub that breaks off, lies, is not there, or has no such weights."""

import pytest

from imgcls.models.weights.hugging_face import cached, download
from tests.models.weights.conftest import NAME
from tests.models.weights.hub import CONFIG, FILE


def test_a_download_is_whole_and_reports_its_bytes(on_hub, folder):
    reported = []
    path = download(NAME, folder, lambda done, total=None: reported.append((done, total)))
    content = on_hub.files[f"timm/{NAME}/{FILE}"]
    assert path.read_bytes() == content
    assert path.with_suffix(".json").read_bytes() == on_hub.files[f"timm/{NAME}/{CONFIG}"]
    assert reported[-1] == (len(content), len(content))


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_a_transfer_that_breaks_off_goes_on(on_hub, folder, takes_ranges):
    on_hub.breaks_off, on_hub.takes_ranges = 2, takes_ranges
    assert download(NAME, folder).read_bytes() == on_hub.files[f"timm/{NAME}/{FILE}"]


def test_one_that_always_breaks_off_keeps_nothing_and_says_what_to_fetch(on_hub, folder):
    on_hub.breaks_off = 100
    with pytest.raises(ConnectionError, match=f"could not be downloaded .* Fetch {on_hub.address}/timm/{NAME}"):
        download(NAME, folder)
    assert not list(folder.iterdir())


def test_another_content_than_announced_is_not_kept(on_hub, folder):
    on_hub.lies = True
    with pytest.raises(ValueError, match="not what the server announced"):
        download(NAME, folder)
    assert not list(folder.iterdir())


def test_weights_that_there_are_not(on_hub, folder):
    with pytest.raises(ValueError, match=r"no weights timm/resnet50\.a0 \(status 401\)"):
        download("resnet50.a0", folder)


def test_no_network(folder, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # where nobody listens
    with pytest.raises(ConnectionError, match=f"put them into {folder}/resnet50.a1_in1k"):
        download("resnet50.a1_in1k", folder)


def test_what_the_library_of_the_hub_has_kept_is_found(folder, tmp_path):
    snapshot = tmp_path / "hf_home" / "hub" / "models--timm--resnet50.a1_in1k" / "snapshots" / "1f2e"
    snapshot.mkdir(parents=True)
    (snapshot / FILE).write_bytes(b"")
    assert list(cached("resnet50.a1_in1k")) == [snapshot / FILE]
