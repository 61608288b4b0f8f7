"""Images of every kind through a predictor, in batches, of which few are in memory."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.engines.engine import PROBABILITIES, Engine
from imgcls.serving.bundle import load_bundle
from imgcls.serving.named_image import NamedImage
from imgcls.serving.predictor import BATCHES_AHEAD, MOST_IN_BATCH, Predictor
from imgcls.serving.signatures import PREPROCESS
from tests.data.image_samples import encoded
from tests.data.images.every_format import write_every_format


class Brightness(Engine):
    """Says how bright an image is, and gives several batches at a time in the wrong order."""

    name, device, outputs = "Brightness", "CPU", (PROBABILITIES,)

    def predict(self, pixels):
        bright = pixels.mean((1, 2, 3)) / 255
        return {PROBABILITIES: np.stack([bright, 1 - bright], 1).astype(np.float32)}

    def predict_batches(self, batches):
        waiting = []
        for key, pixels in batches:
            waiting.append((key, self.predict(pixels)))
            if len(waiting) == 3:
                yield from reversed(waiting)
                waiting = []
        yield from reversed(waiting)


@pytest.fixture
def brightness():
    return Predictor(Brightness(), ["bright", "dark"], Preprocessing(8, 8, 1))


def gray(level):
    return encoded(Image.new("L", (8, 8), level), "PNG")


def test_a_bundle_reads_images_as_it_did_when_it_was_written(bundle, images, monkeypatch):
    before = bundle.predict_files(images)

    def later(*_):
        raise AssertionError("the reading of a later version was called")

    for name in ("decode_images", "batch_reader"):
        monkeypatch.setattr(f"imgcls.serving.predictor.{name}", later)
    np.testing.assert_array_equal(bundle.predict_files(images).probabilities, before.probabilities)


@pytest.mark.thorough
def test_a_bundle_from_before_there_was_the_signature_is_read_as_a_run(bundle_path, bundle, images):
    old = load_bundle(bundle_path)
    del old.model.signature_defs[PREPROCESS]
    files = [*images[:3], images[3].read_bytes()[:90], b""]
    found, expected = old.predict(files), bundle.predict(files)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    assert found.problems == expected.problems


def test_a_part_of_an_image_is_predicted_by_a_bundle_too(bundle, tmp_path):
    photo = Image.fromarray(data.chelsea())
    photo.save(tmp_path / "cat.png")
    photo.crop((100, 50, 200, 150)).save(tmp_path / "part.png")
    found = bundle.predict_files([tmp_path / "cat.png"], boxes=np.array([[100, 50, 200, 150]]))
    np.testing.assert_allclose(
        found.probabilities, bundle.predict_files([tmp_path / "part.png"]).probabilities, atol=1e-5
    )


def test_what_trains_can_be_predicted_by_a_bundle_as_file_and_as_bytes(bundle, tmp_path):
    files = write_every_format(tmp_path, Image.fromarray(data.chelsea()).resize((24, 18)))
    expected = Predictor(bundle.engine, bundle.class_names, bundle.preprocessing).predict_files(files)
    found = bundle.predict_files(files)
    assert [not problem for problem in found.problems] == [not problem for problem in expected.problems]
    assert sum(found.readable) > 80
    assert len(found.transcoded) > 40
    assert found.transcoded == expected.transcoded
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    as_bytes = bundle.predict([path.read_bytes() for path in files])
    np.testing.assert_array_equal(as_bytes.readable, found.readable)


def test_batches_come_back_in_the_order_of_the_images(brightness):
    levels = [*range(256), *range(255, -1, -1)] * 4
    found = brightness.predict([gray(level) if level % 7 else b"none" for level in levels])
    bright = found.probabilities[:, 0]
    expected = np.array([level / 255 if level % 7 else np.nan for level in levels])
    np.testing.assert_allclose(bright, expected, atol=1e-3)  # the weights of the colors add up to 0.9999
    assert [bool(problem) for problem in found.problems] == [level % 7 == 0 for level in levels]


def test_an_engine_with_a_largest_batch_gets_no_larger_one(brightness):
    sizes = []

    class Small(Brightness):
        batch_size = 6

        def predict(self, pixels):
            sizes.append(len(pixels))
            return super().predict(pixels)

    found = Predictor(Small(), ["bright", "dark"], Preprocessing(8, 8, 1)).predict([gray(n % 256) for n in range(700)])
    expected = brightness.predict([gray(n % 256) for n in range(700)])
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert max(sizes) == 6
    assert sum(size < 6 for size in sizes) <= 1  # the last one


def test_where_nothing_can_be_read_everything_has_its_reason(brightness):
    found = brightness.predict([b""] * 1000)
    assert found.problems == ["the file is empty (0 bytes)"] * 1000
    assert np.isnan(found.probabilities).all()
    assert found.table()["class"].tolist() == [""] * 1000
    assert brightness.predict([]).probabilities.shape == (0, 2)


def test_images_are_taken_only_as_far_as_they_are_needed(brightness):
    taken = 0

    def images():
        nonlocal taken
        for number in range(100 * MOST_IN_BATCH):
            taken += 1
            yield NamedImage(f"{number}.png", gray(number % 256))

    done, most = 0, 0
    for chunk, predictions in brightness.stream(images()):
        assert [image.name for image in chunk] == [f"{number}.png" for number in range(done, done + len(chunk))]
        done += len(predictions)
        most = max(most, taken - done)
        if done >= 20 * MOST_IN_BATCH:
            break
    assert most <= (BATCHES_AHEAD + 4) * MOST_IN_BATCH  # and those that the engine holds back
    assert taken <= done + (BATCHES_AHEAD + 4) * MOST_IN_BATCH


def test_a_table_names_the_likeliest_classes(brightness):
    found = brightness.predict([gray(255), gray(0)])
    assert found.table(1)["class"].tolist() == ["bright", "dark"]
    assert found.table(2, ["a", "b"])[["image", "class_2"]].to_numpy().tolist() == [["a", "dark"], ["b", "bright"]]
