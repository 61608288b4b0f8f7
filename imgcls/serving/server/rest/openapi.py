"""The OpenAPI document of a server, made from its table of routes."""

import re
from collections.abc import Sequence
from typing import Any

from imgcls import __version__
from imgcls.serving.server.rest.routes import COUNT, JSON, SCHEMAS, Operation, operations

VERSION = "3.1.0"  # of OpenAPI
REASONS = {
    400: "The request is wrong; `error` says how.",
    401: "The token is missing or wrong.",
    404: "No such model or version is served.",
    408: "The request took too long to arrive.",
    413: "The request is too large.",
    415: "The body is of another kind.",
    429: "The queue is full.",
    500: "A fault of the server, which is in its log.",
    501: "It is not implemented.",
    503: "The server is not ready, is full, or stops.",
    504: "The answer took too long.",
}


def openapi(models: Sequence[str], needs_token: bool) -> dict[str, Any]:
    """Make the document.

    Args:
        models: The names of those that are served.
        needs_token: Whether callers have to name a token.

    Returns:
        The document, as JSON has it.

    Example:
        >>> "/v1/models/{model}:predict" in openapi(["cats"], needs_token=False)["paths"]
        True
    """
    paths: dict[str, Any] = {}
    for operation in operations():
        is_open = operation.path in ("/", "/docs") or operation.name in ("live", "ready")
        described = _described(operation, models, needs_token and not is_open)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    document: dict[str, Any] = {
        "openapi": VERSION,
        "info": {
            "title": "imgcls.serve",
            "version": __version__,
            "description": "Classifiers of images, with TensorFlow Serving's REST API.",
        },
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS)},
    }
    if needs_token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return document


def _described(operation: Operation, models: Sequence[str], needs_token: bool) -> dict[str, Any]:
    media_type, schema = operation.answer
    statuses = [*operation.errors, 500, *([401] if needs_token else [])]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_in_path(operation, models), *_in_query(operation, models)],
        "responses": {
            "200": {"description": "The answer.", "content": {media_type: {"schema": schema}}},
            **{str(status): _error(operation, status) for status in sorted(statuses)},
        },
    }
    if operation.body:
        content = {kind: {"schema": each} for kind, each in operation.body.items()}
        described["requestBody"] = {"required": True, "content": content}
    if needs_token:
        described["security"] = [{"token": []}]
    return described


def _error(operation: Operation, status: int) -> dict[str, Any]:
    name = "Ready" if operation.name == "ready" and status == 503 else "Error"
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": REASONS[status], "content": {JSON: {"schema": schema}}}


def _in_path(operation: Operation, models: Sequence[str]) -> list[dict[str, Any]]:
    schemas = {
        "model": _names(models),
        "version": {**COUNT, "maximum": 2**63 - 1},
        "label": {"type": "string", "minLength": 1},
    }
    names = re.findall(r"{(\w+)}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": schemas[name]} for name in names]


def _in_query(operation: Operation, models: Sequence[str]) -> list[dict[str, Any]]:
    found = {**operation.query, **({"model": _names(models)} if "model" in operation.query else {})}
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in found.items()]


def _names(models: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "examples": list(models)}
