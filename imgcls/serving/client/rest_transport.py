"""TensorFlow Serving's REST API, from a client's side."""

import base64
import json
import ssl
from types import UnionType
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from imgcls.serving.client.refusals import no_server, not_found, refused, too_late
from imgcls.serving.client.retries import retried, retried_async
from imgcls.serving.client.target import CONNECT_SECONDS, Target
from imgcls.serving.client.transport import PASSING, Columns, Inputs

PREDICT, STATUS, METADATA = ":predict", "", "/metadata"  # behind the address of a model
ANSWERS = {  # what the API answers to each with, and of which kind it is
    PREDICT: ("outputs", dict | list),
    STATUS: ("model_version_status", list),
    METADATA: ("model_spec", dict),
}


class RestTransport:
    """REST with one thread a call.

    Args:
        target: Which model is asked.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._http = httpx.Client(**_settings(target))

    def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call a signature."""
        return _columns(self._request("POST", PREDICT, _body(signature, inputs)))

    def status(self) -> dict[str, Any]:
        """The versions that the server knows; with a label, the one that has it."""
        if not self._target.label:
            return self._request("GET", STATUS)
        return _status_of(self.metadata(), self._request("GET", STATUS))

    def metadata(self) -> dict[str, Any]:
        """The signatures."""
        return self._request("GET", METADATA)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _request(self, method: str, what: str, body: bytes | None = None) -> dict[str, Any]:
        return retried(lambda: self._once(method, what, body), self._target.retries, PASSING)

    def _once(self, method: str, what: str, body: bytes | None) -> dict[str, Any]:
        try:
            response = self._http.request(method, _address(self._target, what), content=body)
        except httpx.TimeoutException as error:
            raise too_late(self._target) from error
        except httpx.TransportError as error:
            raise no_server(self._target, error) from error
        return _content(self._target, response, ANSWERS[what])


class AsyncRestTransport:
    """REST where an event loop waits.

    Args:
        target: Which model is asked.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._http = httpx.AsyncClient(**_settings(target))

    async def run(self, signature: str, inputs: Inputs) -> Columns:
        """Call a signature."""
        return _columns(await self._request("POST", PREDICT, _body(signature, inputs)))

    async def status(self) -> dict[str, Any]:
        """The versions that the server knows; with a label, the one that has it."""
        if not self._target.label:
            return await self._request("GET", STATUS)
        return _status_of(await self.metadata(), await self._request("GET", STATUS))

    async def metadata(self) -> dict[str, Any]:
        """The signatures."""
        return await self._request("GET", METADATA)

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def _request(self, method: str, what: str, body: bytes | None = None) -> dict[str, Any]:
        return await retried_async(lambda: self._once(method, what, body), self._target.retries, PASSING)

    async def _once(self, method: str, what: str, body: bytes | None) -> dict[str, Any]:
        try:
            response = await self._http.request(method, _address(self._target, what), content=body)
        except httpx.TimeoutException as error:
            raise too_late(self._target) from error
        except httpx.TransportError as error:
            raise no_server(self._target, error) from error
        return _content(self._target, response, ANSWERS[what])


def _settings(target: Target) -> dict[str, Any]:
    """What either of httpx's clients is made with."""
    return {
        "timeout": httpx.Timeout(target.timeout, connect=min(target.timeout, CONNECT_SECONDS)),
        "limits": httpx.Limits(max_connections=target.connections),
        "headers": {"Authorization": f"Bearer {target.token}"} if target.token else {},
        "verify": ssl.create_default_context(cafile=str(target.ca_file)) if target.ca_file else True,
    }


def _address(target: Target, what: str) -> str:
    which = "" if target.version is None else f"/versions/{target.version}"
    which = f"/labels/{quote(target.label, safe='')}" if target.label else which
    return f"{target.address.server}/v1/models/{quote(target.name, safe='')}{which}{what}"


def _status_of(metadata: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    """Of the status of all versions, which is the answer whatever the label, that of the one with this metadata."""
    number = metadata["model_spec"]["version"]
    states = status["model_version_status"]
    return {**status, "model_version_status": [each for each in states if each["version"] == number]}


def _body(signature: str, inputs: Inputs) -> bytes:
    columns = {name: _as_json(values) for name, values in inputs.items()}
    return json.dumps({"signature_name": signature, "inputs": columns}).encode()


def _as_json(value: Any) -> Any:
    """Bytes as base64, arrays as lists."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    if hasattr(value, "tolist"):
        value = value.tolist()
    return [_as_json(item) for item in value] if isinstance(value, list | tuple) else value


def _content(target: Target, response: httpx.Response, expected: tuple[str, UnionType | type]) -> dict[str, Any]:
    """The JSON of a response. Raises for every refusal, and where it has not what is expected: its name and kind."""
    try:
        answer = _parsed(response.content)
        why = str(answer.get("error", ""))
    except (ValueError, AttributeError) as error:
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # a proxy's page, while the server comes
            raise refused(target, "HTTP 503", "a page of a proxy", for_now=True) from error
        raise _other_server(target, response) from error
    if response.status_code == httpx.codes.NOT_FOUND and why:
        raise not_found(target, why)
    if response.is_error and response.status_code != httpx.codes.NOT_FOUND:
        passing = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        raise refused(target, f"HTTP {response.status_code}", why, for_now=passing)
    name, kind = expected
    if not isinstance(answer.get(name), kind):
        raise _other_server(target, response)
    return answer


def _other_server(target: Target, response: httpx.Response) -> RuntimeError:
    return RuntimeError(
        f"What answers at {target.address.server} is no TensorFlow Serving (HTTP {response.status_code}, "
        f"{response.headers.get('content-type', 'no content type')}). Check the address."
    )


def _parsed(content: bytes) -> dict[str, Any]:
    """The JSON of a response; NaN and Infinity, which JSON has not, are read more slowly."""
    answer: dict[str, Any]
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = json.loads(content)
    return answer


def _columns(answer: dict[str, Any]) -> Columns:
    """The outputs by name; the API leaves the name out where there is only one, which is then ""."""
    outputs = answer["outputs"]
    named = outputs if isinstance(outputs, dict) else {"": outputs}
    return {name: _as_python(values) for name, values in named.items()}


def _as_python(values: list[Any]) -> list[Any]:
    """The same, with bytes in place of base64."""
    if values and isinstance(values[0], dict | list):
        return [base64.b64decode(value["b64"]) if isinstance(value, dict) else _as_python(value) for value in values]
    return values
