"""Whether a server answers as a bundle does: the bundle's warm-up requests are sent to both.

The answers that are expected are computed here, from the bundle's own SavedModel, and not kept beside the requests: so
every bundle can be checked, also one of last year, and there is no second record that could contradict the first.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from imgcls.engines.agreement import LARGEST_DIFFERENCE, difference
from imgcls.serving.client.client import Client
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.warmup import Request

RANKED = "classes"  # the output by whose order others stand
IN_ORDER = ("probabilities", "prediction_set")  # those
DRAWN = "_bytes"  # at the end of a name: a picture of another output


class Comparison(NamedTuple):
    """One request, answered by both.

    Attributes:
        signature: That was called.
        images: In the request.
        difference: The largest of an output, as `imgcls.engines.agreement` measures it; infinite if only one of two
            numbers is NaN.
        texts: How many texts are others.
        problem: Why the server gave no answer that can be compared, or "".
    """

    signature: str
    images: int
    difference: float = 0.0
    texts: int = 0
    problem: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether server and bundle say the same."""
        return not self.problem and not self.texts and self.difference <= LARGEST_DIFFERENCE


def served_versions(client: Client) -> list[int]:
    """The numbers of the versions that a server answers for, the newest first.

    Raises:
        ValueError: If it does not know the model, or no version of it is ready.
    """
    states = client.status()["model_version_status"]
    served = sorted((int(each["version"]) for each in states if each["state"] == "AVAILABLE"), reverse=True)
    if not served:
        found = ", ".join(f"{each['version']} is {each['state']}" for each in states) or "it has none"
        raise ValueError(f"The server at {client.target.address.server} has no version that is ready: {found}.")
    return served


def compare(client: Client, model: LoadedModel, requests: Iterator[Request]) -> Iterator[Comparison]:
    """Send requests to a server and to the SavedModel.

    Args:
        client: Of the server.
        model: What is expected.
        requests: Signatures with their inputs.

    Yields:
        What came of each.

    Raises:
        ConnectionError: If the server goes away.
        TimeoutError: If it takes too long.
    """
    for signature, given in requests:
        inputs = {name: np.asarray(values) for name, values in given.items()}
        rows = len(next(iter(inputs.values())))
        try:
            found = client.run(signature, inputs)
        except (ValueError, RuntimeError) as error:
            yield Comparison(signature, rows, problem=str(error))
            continue
        yield _compared(signature, rows, found, model.run(signature, inputs))


def _compared(signature: str, rows: int, found: Mapping[str, Any], expected: Mapping[str, np.ndarray]) -> Comparison:
    if set(found) == {""} and len(expected) == 1:  # REST leaves the only name out
        found = {next(iter(expected)): found[""]}
    missing = sorted(set(expected) - set(found))
    if missing:
        return Comparison(signature, rows, problem=f"it gives no {', '.join(missing)}: another model or version")
    for name, values in expected.items():
        shape = np.asarray(found[name], object).shape
        if shape != values.shape:
            return Comparison(signature, rows, problem=f"{name} has the shape {shape}, expected {values.shape}")
    texts = {name: _texts(values) for name, values in expected.items() if values.dtype == object}
    largest, others = 0.0, 0
    order, wanted = found.get(RANKED), texts.get(RANKED)
    for name, values in expected.items():
        if name.endswith(DRAWN):
            continue
        if name in IN_ORDER and order is not None and wanted is not None:
            largest = max(largest, _by_name(order, found[name], wanted, values))
        elif name == RANKED and wanted is not None:
            others += sum(sorted(one) != sorted(other) for one, other in zip(found[name], wanted, strict=True))
        elif name in texts:
            others += int(np.sum(np.asarray(found[name], object) != np.asarray(texts[name], object)))
        else:
            largest = max(largest, difference(values, np.asarray(found[name], float)))
    return Comparison(signature, rows, largest, others)


def _texts(values: np.ndarray) -> list[Any]:
    """Bytes as texts, in lists."""
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else _texts(value) for value in values]


def _by_name(order: list[list[str]], found: list[Any], wanted: list[list[str]], expected: np.ndarray) -> float:
    """The largest difference of what belongs to the same class: two of them may be equally likely."""
    largest = 0.0
    for names, values, other_names, others in zip(order, found, wanted, expected, strict=True):
        if sorted(names) != sorted(other_names):
            continue  # counted as another text
        places = [other_names.index(name) for name in names]
        largest = max(largest, difference(others[places], np.asarray(values, float)))
    return largest
