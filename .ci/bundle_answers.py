"""What the signatures of a bundle answer in the TensorFlow that runs this, and whether two answered alike.

It needs TensorFlow and NumPy, and no imgcls: as a server does.

  python .ci/bundle_answers.py ask BUNDLE IMAGES ANSWERS.npz
  python .ci/bundle_answers.py compare ANSWERS.npz OTHER.npz
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ALLOWED = 1e-4  # of a number; of the largest of its output where that is above 1
LEVELS = 1  # of 255, that a pixel of a drawn heat map may differ, because it is rounded

Arrays = dict[str, np.ndarray]
Run = Callable[[str, Arrays], Arrays]


def ask(bundle: str, images: str, answers: str) -> None:
    """Ask every signature, as Python calls it and as TensorFlow Serving does, and write what they say."""
    import tensorflow as tf

    data = [path.read_bytes() for path in sorted(Path(images).iterdir())]
    found: Arrays = {"tensorflow": np.array(tf.__version__)}
    for way, run in (("called", called(bundle)), ("in a session", in_session(bundle))):
        for signature, inputs in requests(np.array(data, object), run):
            for output, values in run(signature, inputs).items():
                found[f"{way}/{signature}/{output}"] = plain(output, values)
    found["imgcls"] = np.array("imgcls" in sys.modules)
    np.savez(answers, **found)
    print(f"TensorFlow {tf.__version__}: {len(found) - 2} outputs of {len(data)} images")


def requests(data: np.ndarray, run: Run) -> Iterator[tuple[str, Arrays]]:
    """A request for each signature, which holds all images."""
    pixels = run("preprocess", {"image_bytes": data})["pixels"]
    yield "preprocess", {"image_bytes": data}
    yield "serving_default", {"image_bytes": data}
    yield "top_k", {"image_bytes": data, "k": np.arange(len(data), dtype=np.int32) % 5}
    yield "embedding", {"image_bytes": data}
    yield "pixels", {"pixels": pixels}
    yield "outputs", {"pixels": pixels}
    yield "explanation", {"image_bytes": data, "class_name": np.array([b""] * len(data), object)}


def called(bundle: str) -> Run:
    """What calls the signatures as functions."""
    import tensorflow as tf

    model = tf.saved_model.load(bundle)

    def run(signature: str, inputs: Arrays) -> Arrays:
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        return {name: tensor.numpy() for name, tensor in model.signatures[signature](**tensors).items()}

    run.keep = model  # its signatures do not keep its weights
    return run


def in_session(bundle: str) -> Run:
    """What runs the signatures in a session, fed by the names of tensors."""
    import tensorflow as tf

    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        definitions = tf.compat.v1.saved_model.load(session, ["serve"], bundle).signature_def

    def run(signature: str, inputs: Arrays) -> Arrays:
        definition = definitions[signature]
        fed = {definition.inputs[name].name: values for name, values in inputs.items()}
        return session.run({name: info.name for name, info in definition.outputs.items()}, fed)

    return run


def plain(output: str, values: np.ndarray) -> np.ndarray:
    """The same without objects; pictures decoded."""
    import tensorflow as tf

    if output == "picture_bytes":
        blank = max((tf.io.decode_png(each).numpy() for each in values.flat if each), key=np.size)
        return np.stack([tf.io.decode_png(each).numpy() if each else np.zeros_like(blank) for each in values.flat])
    return values.astype(bytes) if values.dtype == object else values


def compare(one: str, other: str) -> None:
    """Exit with a sentence if two answered differently."""
    answers, others = dict(np.load(one)), dict(np.load(other))
    if any(each.pop("imgcls") for each in (answers, others)):
        sys.exit("error: imgcls was imported where a bundle has to do without")
    names = [str(each.pop("tensorflow")) for each in (answers, others)]
    if answers.keys() != others.keys():
        sys.exit(f"error: only one has {sorted(answers.keys() ^ others.keys())}")
    bad = [why for name in answers for why in [difference(name, answers, others)] if why]
    if bad:
        sys.exit(f"error: TensorFlow {names[0]} and {names[1]} differ in {'; '.join(bad)}")
    print(f"TensorFlow {names[0]} and {names[1]} agree in {len(answers)} outputs")


def difference(name: str, answers: Arrays, others: Arrays) -> str:
    """In what an output differs by too much; "" if it does not."""
    one, other = answers[name], others[name]
    if one.shape != other.shape:
        return f"{name}: {one.shape} and {other.shape}"
    if one.dtype.kind in "Sb":
        rows = np.flatnonzero((one != other).reshape(len(one), -1).any(axis=1))
        return f"{name}: rows {rows.tolist()}" if len(rows) else ""
    limit = LEVELS if name.endswith("picture_bytes") else ALLOWED * max(1.0, float(np.abs(one).max(initial=0)))
    most = float(np.abs(one.astype(np.float64) - other).max(initial=0))
    return "" if most <= limit else f"{name}: {most:.1e}; allowed {limit:.0e}"


if __name__ == "__main__":
    {"ask": ask, "compare": compare}[sys.argv[1]](*sys.argv[2:])
