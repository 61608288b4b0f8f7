"""`python -m imgcls.client`, with servers of this process."""

import pandas as pd
import pytest

from tests.conftest import SAMPLE
from tests.serving.classifier_of_lengths import save
from tests.serving.conftest import models_of, serving, serving_grpc


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return models_of(save(tmp_path_factory.mktemp("saved_models") / "lengths"))


@pytest.fixture(scope="module", params=["REST", "gRPC"])
def address(request, models):
    with (serving if request.param == "REST" else serving_grpc)(models) as place:
        yield f"{place}/v1/models/lengths" if request.param == "REST" else f"grpc://{place}/lengths"


def test_the_table_names_images_and_problems(address, command, tmp_path):
    (tmp_path / "page.png").write_text("<html>")
    output = tmp_path / "names.csv"
    result = command("client", address, SAMPLE / "test" / "bag", tmp_path / "page.png", "--output", output)
    assert result.code == 3
    table = pd.read_csv(output, keep_default_na=False)
    named = table[table["problem"] == ""]
    assert len(named) == len(list((SAMPLE / "test" / "bag").iterdir()))
    sizes = [(path_size % 2) for path_size in map(size_of, named["image"])]
    assert named["class"].tolist() == [("even", "odd")[odd] for odd in sizes]
    assert table["problem"].iloc[-1].startswith("an HTML page")
    assert "could not be read" in result.out
    assert f"\nNext:\n  python -m imgcls.drift saved_models/lengths {output}   #" in result.out


def test_the_table_can_be_kept_next_and_many_images_are_not_repeated(address, command):
    images = sorted((SAMPLE / "test" / "bag").iterdir())[:4]
    few = command("client", address, *images[:1], "--top", 1).out.splitlines()[-1]
    assert few == f"  python -m imgcls.client {address} {images[0]} --top 1 --output predictions.csv"
    many = command("client", address, *images).out.splitlines()[-1]
    assert many == f"  python -m imgcls.client {address} YOUR_IMAGES --output predictions.csv"


def size_of(path: str) -> int:
    return (SAMPLE / "test" / "bag" / path.rpartition("/")[2]).stat().st_size


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("localhost:8501", "a.png"), "expected an address such as 'http://127.0.0.1:8501' or 'grpc://"),
        (("http://127.0.0.1:9", "a.png"), "names no model; expected --model NAME"),
        (("http://127.0.0.1:9", "--model", "a"), "Expected images"),
        (("http://127.0.0.1:9", "a.png", "--model", "a", "--top", 0), "--top is 0"),
        (("http://127.0.0.1:9", "a.png", "--model", "a", "--output", "a.xls"), "expected a file that ends in .csv"),
    ],
)
def test_flags_that_do_not_fit(command, arguments, why):
    result = command("client", *arguments)
    assert (result.code, result.out) == (2, "")
    assert why in result.err
    assert result.err.count("\n") == 1


def test_no_server(command):
    image = next((SAMPLE / "test" / "bag").iterdir())
    result = command("client", "http://127.0.0.1:9", image, "--model", "lengths", "--retries", 0)
    assert result.code == 1
    assert result.err.startswith("error: No server answers at http://127.0.0.1:9")


def test_the_token_is_taken_from_the_environment(models, command, monkeypatch):
    image = next((SAMPLE / "test" / "bag").iterdir())
    with serving_grpc(models, token="0123456789abcdef") as place:
        assert command("client", f"grpc://{place}/lengths", image).code == 1
        monkeypatch.setenv("IMGCLS_TOKEN", "0123456789abcdef")
        assert command("client", f"grpc://{place}/lengths", image).code == 0
