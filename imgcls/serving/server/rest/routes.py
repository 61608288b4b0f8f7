"""Everything that a server answers over HTTP, in one table: the routes and the OpenAPI document are made of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]  # of JSON Schema
JSON = "application/json"
TEXT: Schema = {"type": "string"}
BYTES: Schema = {"type": "string", "format": "binary"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(schema: Schema, **more: object) -> Schema:
    return {"type": "array", "items": schema, **more}


def _object(properties: Mapping[str, Schema], *optional: str, **more: object) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": dict(properties), **more}


B64 = _object({"b64": {"type": "string", "contentEncoding": "base64"}}, additionalProperties=False)
SCHEMAS: Mapping[str, Schema] = {
    "Error": _object({"error": TEXT}),
    "Predictions": _object(
        {
            "model": TEXT,
            "version": COUNT,
            "predictions": _list_of(_ref("Prediction"), minItems=1),
        }
    ),
    "Prediction": _object(
        {
            "file": {"type": "string", "description": "As the sender named it."},
            "classes": {**_list_of(TEXT), "description": "The likeliest first; empty where there is a problem."},
            "probabilities": _list_of({"type": "number", "minimum": 0, "maximum": 1.0001}),
            "problem": {"type": "string", "description": "Why the image could not be read; empty if it could."},
            "decision": {"type": "string", "description": "A class, 'not sure' or 'none of these'."},
            "prediction_set": {**_list_of(TEXT), "description": "The classes that it may be."},
            "unknown_score": {
                "type": ["number", "null"],
                "description": "How unlike the images of training; higher is stranger. null where there is a problem.",
            },
        },
        "problem",
        "decision",
        "prediction_set",
        "unknown_score",
    ),
    "Tensors": {
        "description": 'Rows (`instances`) or columns (`inputs`). Bytes are {"b64": ...}.',
        "oneOf": [
            _object({"signature_name": TEXT, "instances": _list_of({}, minItems=1)}, "signature_name"),
            _object({"signature_name": TEXT, "inputs": {}}, "signature_name"),
        ],
    },
    "TensorsBack": {"oneOf": [_object({"predictions": {}}), _object({"outputs": {}})]},
    "Examples": _object(
        {
            "signature_name": TEXT,
            "context": {"type": "object"},
            "examples": _list_of({"type": "object"}, minItems=1),
        },
        "signature_name",
        "context",
    ),
    "Results": _object({"results": _list_of(_list_of({"type": "array"}))}),
    "Status": _object(
        {
            "model_version_status": _list_of(
                _object(
                    {
                        "version": TEXT,
                        "state": {"enum": ["UNKNOWN", "START", "LOADING", "AVAILABLE", "UNLOADING", "END"]},
                        "status": _object({"error_code": TEXT, "error_message": TEXT}),
                    }
                )
            )
        }
    ),
    "Metadata": _object({"model_spec": {"type": "object"}, "metadata": {"type": "object"}}),
    "Live": _object({"live": {"type": "boolean"}}),
    "Ready": _object({"ready": {"type": "boolean"}}),
}


@dataclass(frozen=True)
class Operation:
    """One thing that a server answers.

    Attributes:
        name: Unique; who answers it is found by it.
        method: Of HTTP.
        path: With the names of its parameters in braces.
        summary: One sentence.
        answer: Media type and schema of the answer with status 200.
        body: Media types and schemas of the request; empty for none.
        query: Schemas of the parameters behind the address, by name.
        errors: Statuses that it may have besides those of every call.
    """

    name: str
    method: str
    path: str
    summary: str
    answer: tuple[str, Schema]
    body: Mapping[str, Schema] = field(default_factory=dict)
    query: Mapping[str, Schema] = field(default_factory=dict)
    errors: Sequence[int] = ()

    @property
    def is_rest(self) -> bool:
        """Whether `imgcls.serving.server.rest.rest_api` answers it."""
        return self.name.startswith(("predict", "classify_examples", "status", "metadata"))


IMAGES: Mapping[str, Schema] = {
    "multipart/form-data": _object({"image": _list_of(BYTES, minItems=1)}, additionalProperties=False),
    "image/*": BYTES,
    "application/octet-stream": BYTES,
}
PICK: Mapping[str, Schema] = {
    "top": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000,
        "default": 5,
        "description": "Classes that are named.",
    }
}
WHICH: Mapping[str, Schema] = {
    "model": {"type": "string", "description": "The first that is served unless this says another."},
    "version": {**COUNT, "maximum": 2**63 - 1, "description": "The newest unless this or the label says another."},
    "label": {"type": "string", "description": "Of a version, such as stable."},
}
SCOPES = {"": "", "_version": "/versions/{version}", "_label": "/labels/{label}"}  # ends of names and of addresses
CALL_ERRORS = (400, 404, 408, 413, 429, 501, 503, 504)


def operations() -> Iterator[Operation]:
    """Everything that is answered, each once."""
    yield _images("classify", "/classify", {**PICK, **WHICH})
    for end, scope in SCOPES.items():
        yield _images(f"classify_model{end}", f"/v1/models/{{model}}{scope}/classify", PICK)
    for end, scope in SCOPES.items():
        yield from _rest(end, f"/v1/models/{{model}}{scope}")
    yield Operation("live", "GET", "/v2/health/live", "Whether the server runs.", (JSON, _ref("Live")))
    yield Operation(
        "ready", "GET", "/v2/health/ready", "Whether every model is served.", (JSON, _ref("Ready")), errors=(503,)
    )
    yield Operation(
        "metrics",
        "GET",
        "/monitoring/prometheus/metrics",
        "Figures for Prometheus.",
        ("text/plain", TEXT),
        errors=(404,),
    )
    yield Operation("openapi", "GET", "/openapi.json", "This document.", (JSON, {"type": "object"}))
    yield Operation("docs", "GET", "/docs", "A page to try it.", ("text/html", TEXT))
    yield Operation("page", "GET", "/", "The same page.", ("text/html", TEXT))


def _images(name: str, path: str, query: Mapping[str, Schema]) -> Operation:
    answer, errors = (JSON, _ref("Predictions")), (*CALL_ERRORS, 415)
    return Operation(name, "POST", path, "Classify images.", answer, IMAGES, query, errors)


def _rest(end: str, model: str) -> Iterator[Operation]:
    """TensorFlow Serving's REST API for one way to name a version."""
    yield Operation(
        f"predict{end}", "POST", f"{model}:predict", "Tensors in, tensors out.",
        (JSON, _ref("TensorsBack")), {JSON: _ref("Tensors")}, errors=CALL_ERRORS,
    )  # fmt: skip
    yield Operation(
        f"classify_examples{end}", "POST", f"{model}:classify", "tf.train.Example in, labels and scores out.",
        (JSON, _ref("Results")), {JSON: _ref("Examples")}, errors=CALL_ERRORS,
    )  # fmt: skip
    yield Operation(
        f"status{end}", "GET", model, "The state of each version.", (JSON, _ref("Status")), errors=(400, 404)
    )
    yield Operation(
        f"metadata{end}", "GET", f"{model}/metadata", "The signatures.", (JSON, _ref("Metadata")), errors=(400, 404)
    )
