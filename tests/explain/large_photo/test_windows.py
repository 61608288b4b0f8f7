from dataclasses import replace

import numpy as np
from skimage import data

from imgcls.explain.large_photo.sliding_plan import sliding_plan
from imgcls.explain.large_photo.windows import WindowByWindow
from imgcls.explain.network import Network
from imgcls.models import build_model


def test_each_window_gets_what_the_network_says_of_it():
    network = Network(build_model("mlp", (16, 20, 1), num_classes=3))
    plan = replace(sliding_plan(network), stride=(4, 8))
    pixels = data.camera()[:24, :36, None].astype(np.float32)
    reports = []
    found = WindowByWindow(network, plan, 4)(pixels, lambda done, total: reports.append((done, total)))
    assert found.maps.shape == (3, 3, 3)
    for row in range(3):
        for column in range(3):
            window = pixels[None, 4 * row : 4 * row + 16, 8 * column : 8 * column + 20]
            np.testing.assert_allclose(found.maps[row, column], network.model(window).numpy()[0], atol=1e-5)
    assert reports == [(4, 9), (8, 9), (9, 9)]
    assert found.computed_pixels == 9 * 16 * 20
