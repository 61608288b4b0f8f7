import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.training.training_data import TrainingData
from imgcls.training.watched_images import WatchedImages, choose_images

PIXELS = Preprocessing(height=32, width=32, channels=3)


def test_the_images_are_of_different_classes_from_validation_and_the_seed_chooses_them(tiny_run, tmp_path):
    data = TrainingData(tiny_run.config, Manifest.load(tiny_run.manifest_file), 16)
    chosen, again, others = (choose_images(data, PIXELS, seed) for seed in (0, 0, 1))
    assert chosen.pixels.shape == (4, 32, 32, 3)
    assert set(chosen.labels[:2]) == {"bag", "trouser"}
    assert np.array_equal(chosen.pixels, again.pixels)
    assert not np.array_equal(chosen.pixels, others.pixels)
    chosen.save(tmp_path)
    kept = WatchedImages.load(tmp_path)
    assert kept.labels == chosen.labels
    assert np.abs(kept.pixels - chosen.pixels).max() <= 0.5


def test_images_of_several_classes_are_named_by_all_of_them(collages, tiny_config):
    from dataclasses import replace

    from imgcls.config import InputConfig
    from imgcls.workflow.create import create_run

    run, manifest = create_run(replace(tiny_config(), input=InputConfig(data=str(collages))))
    labels = choose_images(TrainingData(run.config, manifest, 8), PIXELS, 0).labels
    assert len(set(labels)) == 4
    assert any(", " in label for label in labels)
