import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.review.label_errors import find_label_errors
from imgcls.evaluation.review.page import review_sentences, write_queue_page, write_review_page
from imgcls.evaluation.review.review import candidates

NAMES = ["<b>cat</b>", 'dog, or "wolf"', "owl"]  # as nasty as folders may be called
FIGURES = {
    "run": "photos & more",
    "how": "a head for each fold",
    "judged": 6,
    "looks_wrong": 1,
    "accuracy": None,
    "share": None,
    "copies_with_two_labels": 0,
}


@pytest.fixture
def page(tmp_path):
    """The page of six images of which the first three have a wrong label, and one is gone."""
    right, labels = np.array([0, 1, 2, 0, 1, 2]), np.array([1, 2, 0, 0, 1, 2])
    names = [f"a,{i}.png" for i in range(6)]
    for name in names[1:]:
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)).save(tmp_path / name)
    records = {"image": names, "label": [NAMES[i] for i in labels], "split": ["train"] * 5 + ["test"]}
    manifest = Manifest.from_records(pd.DataFrame(records), tmp_path)
    probabilities = np.where(right[:, None] == np.arange(3), 0.9, 0.05)
    errors = find_label_errors(labels, probabilities, NAMES)
    features = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    shown = candidates(errors, manifest.table, features, {}, np.arange(6))
    write_review_page(tmp_path / "review.html", FIGURES, shown, manifest, manifest.table)
    return tmp_path / "review.html"


def data_of(page) -> dict:
    return json.loads(re.search(r'<script id="page" type="application/json">(.*?)</script>', page.read_text())[1])


class Tags(HTMLParser):
    """All tags, and every address in their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.addresses = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "srcset", "action")]


def test_the_page_stands_alone_and_names_of_classes_are_no_markup(page):
    text = page.read_text()
    parsed = Tags(text)
    assert parsed.addresses == []
    assert "cat" not in " ".join(parsed.tags)
    assert "<b>cat" not in text
    assert "default-src 'none'" in text
    assert "photos &amp; more" in text


def test_an_image_that_is_gone_has_no_thumbnail_and_the_others_have_one_each(page):
    found = data_of(page)
    assert found["then"].endswith("--overlay corrections.csv --name 'photos & more-corrected'")
    large = [found["thumbnails"][item["large"]] for item in found["items"]]
    assert large.count("") == 1
    assert all(address.startswith("data:image/jpeg;base64,") for address in large if address)
    assert {group["label"] for item in found["items"] for group in item["near"]} == set(NAMES)


def test_what_was_found_is_said_in_words():
    share = {"estimate": 0.05, "low": 0.03, "high": 0.081}
    sentences = review_sentences({**FIGURES, "share": share, "judged": 2500, "looks_wrong": 125, "accuracy": 0.9})
    assert sentences[0].startswith("Of 2,500 labels, 125 look wrong: 5.0 % (95 % interval 3.0 to 8.1 %).")
    assert any("90.0 %" in sentence for sentence in sentences)
    assert "too few images" in review_sentences(FIGURES)[0]
    assert any(
        "have another label" in sentence for sentence in review_sentences({**FIGURES, "copies_with_two_labels": 2})
    )


def test_where_nothing_looks_wrong_the_share_is_not_said_to_be_lower_and_the_shown_images_are_doubtful():
    share = {"estimate": 0.0, "low": 0.0, "high": 0.05}
    clean = {**FIGURES, "share": share, "judged": 60, "looks_wrong": 0, "queue": [{"why": "doubtful"}] * 3}
    said = " ".join(review_sentences(clean))
    assert "lower" not in said
    assert "Of the images to look at, 3 are only doubtful" in said
    assert "doubtful" not in " ".join(review_sentences({**FIGURES, "queue": [{"why": "looks wrong"}]}))


def test_a_queue_of_nothing_says_so(tmp_path):
    write_queue_page(tmp_path / "queue.html", "Images of new", ["None."], ["a"], [])
    assert "There is no image to decide on." in (tmp_path / "queue.html").read_text()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_decisions_by_the_keyboard_are_kept_and_become_an_overlay(page, browser, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 400, "height": 800})
    tab, failures, asked = context.new_page(), [], []
    tab.on("pageerror", lambda error: failures.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(page.as_uri())
    for key in ("a", "k", "d", "u", "d"):
        tab.keyboard.press(key)
    assert "3 of 3 decided, 2 of them changed or dropped" in tab.inner_text("#state")
    tab.reload()
    assert "3 of 3 decided" in tab.inner_text("#state")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    with tab.expect_download() as download:
        tab.click("#download")
    download.value.save_as(page.with_name("corrections.csv"))
    assert failures == []
    assert {url.split(":")[0] for url in asked} <= {"file", "data", "blob"}
    found = data_of(page)["items"]
    manifest = Manifest.from_records(
        pd.DataFrame({"image": [f"a,{i}.png" for i in range(6)], "label": [NAMES[i] for i in (1, 2, 0, 0, 1, 2)]}),
        page.parent,
    )
    corrected, problems = manifest.with_overlay(page.with_name("corrections.csv"))
    labels = dict(zip(corrected.table["image"], corrected.table["label"], strict=True))
    assert labels[found[0]["image"]] == found[0]["choices"][0]["label"]
    assert labels[found[1]["image"]] == found[1]["given"]
    assert found[2]["image"] not in labels
    assert problems["reason"].tolist() == ["left out by a decision in corrections.csv."]
