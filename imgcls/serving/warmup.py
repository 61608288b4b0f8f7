"""The warm-up file: requests that a server answers once before it takes any from outside.

TensorFlow Serving replays the file when it loads a version, so that the first caller does not wait for what TensorFlow
does once: a TFRecord file of PredictionLog messages with at most 1,000 records.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from imgcls.serving.tensorflow_errors import reason

PLACE = Path("assets.extra") / "tf_serving_warmup_requests"
MOST_RECORDS = 1000
DEFAULT_SIGNATURE = "serving_default"  # of a request that names none

Request = tuple[str, dict[str, object]]  # name of the signature, inputs by name


def write_warmup(folder: Path, name: str, requests: Iterable[Request]) -> None:
    """Write the warm-up file of a version.

    Args:
        folder: The folder of the version.
        name: The name of the model.
        requests: The requests, each a signature with its inputs by name.
    """
    (folder / PLACE).parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / PLACE)) as writer:
        for signature, inputs in requests:
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = name
            request.model_spec.signature_name = signature
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())


def read_warmup(folder: Path) -> Iterator[Request]:
    """Read the warm-up file of a version.

    Args:
        folder: The folder of the version.

    Yields:
        The requests; none if there is no such file.

    Raises:
        ValueError: If the file is damaged, holds something else, or has more than 1,000 records.
    """
    path = folder / PLACE
    if not path.is_file():
        return
    records = enumerate(tf.data.TFRecordDataset(str(path)), start=1)
    try:
        for count, record in records:
            if count > MOST_RECORDS:
                raise ValueError(f"{path} has more than {MOST_RECORDS:,} records, the most that are replayed.")
            request = _request(record.numpy())
            if request[1]:
                yield request
    except (tf.errors.OpError, DecodeError, TypeError, ValueError) as error:
        raise ValueError(
            f"The warm-up file {path} cannot be read: {reason(error)}. Export the version again."
        ) from error


def _request(record: bytes) -> Request:
    """What a record asks. Raises DecodeError for what is no PredictionLog, ValueError for a request of another kind."""
    log = prediction_log_pb2.PredictionLog.FromString(record)
    kind = log.WhichOneof("log_type")
    if kind not in ("predict_log", None):  # an empty record asks nothing, which the official server allows
        raise ValueError(f"a record holds a {kind}; expected predict_log, the only kind that is replayed here")
    request = log.predict_log.request
    inputs: dict[str, object] = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
    return request.model_spec.signature_name or DEFAULT_SIGNATURE, inputs
