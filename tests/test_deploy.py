"""The files of deploy/, as Compose, TensorFlow Serving, Kubernetes, KServe, Prometheus and Grafana read them."""

import json
import re

import kubernetes_validate
import numpy as np
import promql_parser
import pytest
import yaml
from compose_spec import PyCompose
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from imgcls import __version__
from imgcls.serving import server_files
from imgcls.serving.server.monitoring.drift_window import LEAST, Reference
from imgcls.serving.server.monitoring.metrics import Metrics
from imgcls.serving.server.rest.routes import operations
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
WRAPPED = {"int64": "Int64Value", "bool": "BoolValue"}
# Fields as tensorflow_serving/servables/tensorflow/session_bundle_config.proto and config/monitoring_config.proto
# declare them; the package tensorflow-serving-api does not hold these two.
BATCHING = {"max_batch_size": "int64", "batch_timeout_micros": "int64", "max_enqueued_batches": "int64",
            "num_batch_threads": "int64", "enable_large_batch_splitting": "bool",
            "max_execution_batch_size": "int64"}  # fmt: skip
PROMETHEUS = {"enable": "bool", "path": "string"}


@pytest.fixture(scope="module")
def messages():
    """The classes of BatchingParameters and MonitoringConfig."""
    file = descriptor_pb2.FileDescriptorProto(name="declared_for_a_test.proto", package="declared", syntax="proto3")
    for kind in ("Int64Value", "BoolValue", "PrometheusConfig", "BatchingParameters", "MonitoringConfig"):
        file.message_type.add(name=kind)
    types = {"int64": 3, "bool": 8, "string": 9}

    def declare(message: str, fields: dict[str, str]) -> None:
        target = next(each for each in file.message_type if each.name == message)
        for number, (name, kind) in enumerate(fields.items(), start=1):
            named = {"type": types[kind]} if kind in types else {"type": 11, "type_name": f".declared.{kind}"}
            target.field.add(name=name, number=number, label=1, **named)

    declare("Int64Value", {"value": "int64"})
    declare("BoolValue", {"value": "bool"})
    declare("PrometheusConfig", PROMETHEUS)
    declare("BatchingParameters", {name: WRAPPED[kind] for name, kind in BATCHING.items()})
    declare("MonitoringConfig", {"prometheus_config": "PrometheusConfig"})
    return message_factory.GetMessages([file], pool=descriptor_pool.DescriptorPool())


@pytest.fixture(scope="module")
def service() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["serving"]


def test_requests_are_bounded(messages):
    text = server_files.BATCHING
    found = text_format.Parse(text, messages["declared.BatchingParameters"]())
    assert found.enable_large_batch_splitting.value
    assert 0 < found.max_execution_batch_size.value <= 32
    assert found.max_execution_batch_size.value <= found.max_batch_size.value <= 1000
    enqueued = found.max_enqueued_batches.value * found.max_execution_batch_size.value
    assert enqueued >= found.max_batch_size.value  # or the largest request would always be refused
    assert found.num_batch_threads.value >= 1
    with pytest.raises(text_format.ParseError):
        text_format.Parse(text + "max_batch: 1", messages["declared.BatchingParameters"]())


def test_figures_are_given(messages):
    found = text_format.Parse(server_files.MONITORING, messages["declared.MonitoringConfig"]()).prometheus_config
    assert (found.enable, found.path) == (True, "/monitoring/prometheus/metrics")


def test_the_image_is_pinned_and_its_memory_limited(service):
    assert re.search(r"^tensorflow/serving:\$\{SERVING_VERSION:-\d+\.\d+\.\d+\}$", service["image"])
    assert re.search(r"^\$\{MEMORY_LIMIT:-\d+g\}$", service["mem_limit"])
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_every_file_that_a_flag_names_is_one_that_an_export_writes(service):
    assert "../saved_models:/models:ro" in service["volumes"]
    flags = dict(flag.removeprefix("--").split("=") for flag in service["command"])
    assert flags["enable_batching"] == "true"  # without it the server does not start with parameters for it
    for flag in ("batching_parameters_file", "monitoring_config_file"):
        assert flags[flag].removeprefix("/models/") in server_files.SERVER_FILES


def test_compose_reads_its_file():
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    filled = re.sub(r"(?<!\$)\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: found[2] if found[2] else "photos", text)
    assert PyCompose.from_yaml(filled).service_names() == ["serving"]
    with pytest.raises(ValueError, match="mem_limits"):
        PyCompose.from_yaml(filled.replace("mem_limit", "mem_limits"))


def manifests(name: str) -> list[dict]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text("utf-8")))


@pytest.mark.parametrize("name", ["serving-on-kubernetes.yaml", "train-on-kubernetes.yaml"])
def test_kubernetes_takes_the_manifests(name):
    for manifest in manifests(name):
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
        wrong = {**manifest, "spec": {**manifest["spec"], "unknown": 1}}
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


# Fields of v1alpha2 in JobSet's API reference, as far as they are used
JOB_SET = {
    "spec": {"network", "failurePolicy", "replicatedJobs"},
    "network": {"enableDNSHostnames", "subdomain"},
    "failurePolicy": {"maxRestarts"},
    "replicatedJobs": {"name", "replicas", "template"},
}


def test_the_job_in_a_job_set_is_one_that_kubernetes_takes():
    (found,) = manifests("train-on-jobset.yaml")
    spec = found["spec"]
    (workers,) = spec["replicatedJobs"]
    assert (found["apiVersion"], found["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    parts = {"spec": spec, "replicatedJobs": workers, **{name: spec[name] for name in ("network", "failurePolicy")}}
    assert {name: set(part) for name, part in parts.items()} == JOB_SET
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": found["metadata"], **workers["template"]}
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
    _, alone = manifests("train-on-kubernetes.yaml")
    commands = [each["spec"]["template"]["spec"]["containers"][0]["args"] for each in (job, alone)]
    assert commands[0] == commands[1]


def test_pods_are_served_probed_and_scaled():
    found = {(each["kind"], each["metadata"]["name"]): each for each in manifests("serving-on-kubernetes.yaml")}
    paths = {operation.path for operation in operations()}
    for track in ("stable", "canary"):
        template = found["Deployment", f"photos-{track}"]["spec"]["template"]
        assert template["metadata"]["labels"] == {"app": "photos", "track": track}
        assert template["metadata"]["annotations"]["prometheus.io/path"] in paths
        (container,) = template["spec"]["containers"]
        assert container["image"] == f"imgcls-serve:{__version__}"
        assert {port["name"]: port["containerPort"] for port in container["ports"]} == {"http": 8501, "grpc": 8500}
        assert "memory" in container["resources"]["limits"]
        assert {
            container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        } <= paths
    assert found["Service", "photos"]["spec"]["selector"] == {"app": "photos"}  # both tracks
    (metric,) = found["HorizontalPodAutoscaler", "photos-stable"]["spec"]["metrics"]
    (rule,) = manifests("prometheus-adapter.yaml")[0]["rules"]["custom"]
    assert metric["pods"]["metric"]["name"] == rule["name"]["as"]
    matchers = {"<<.LabelMatchers>>": 'namespace="a"', "<<.GroupBy>>": "pod"}
    query = re.sub("<<.*?>>", lambda name: matchers[name[0]], rule["metricsQuery"])
    assert names_in([query, rule["seriesQuery"]]) <= given().keys()


# Fields of V1beta1InferenceService's predictor in KServe 0.21, as far as they are used; its package asks for another
# FastAPI and Ray.
PREDICTOR = {"minReplicas": int, "maxReplicas": int, "timeout": int, "containers": list}


def test_kserve_reads_its_file():
    (service,) = manifests("kserve.yaml")
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    assert set(service["spec"]) == {"predictor"}
    predictor = service["spec"]["predictor"]
    assert {name: type(value) for name, value in predictor.items()} == PREDICTOR
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x"},
        "spec": {"containers": predictor["containers"]},
    }
    kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
    assert predictor["containers"][0]["name"] == "kserve-container"


def given() -> dict[str, bool]:
    """Every figure that the server gives once something of each kind has happened, and whether it is of a model."""
    reference = {"class_names": ["cat"], "predicted": [1], "distributions": {}}
    metrics = Metrics(lambda model, version: Reference.from_dict(reference, lambda found: found[:, 0]))
    metrics.request(api="REST", method="Predict", model="m", status=200, seconds=0.1)
    metrics.batch(model="m", version=1, rows=1, waited=0.1)
    outputs = {"problem": [b""] * LEAST, "decision": [b"cat"] * LEAST, "classes": [[b"cat"]] * LEAST}
    outputs = {name: np.array(values, object) for name, values in outputs.items()}
    outputs |= {"unknown_score": np.full(LEAST, 0.5), "probabilities": np.ones((LEAST, 1))}
    metrics.answers(model="m", version=1, signature="serving_default", outputs=outputs)
    metrics.answers(model="m", version=1, signature="embedding", outputs={"embedding": np.ones((1, 2))})
    return {re.split(r"[{ ]", line)[0]: "model_name=" in line
            for line in metrics.page().splitlines() if not line.startswith("#")}  # fmt: skip


def names_in(queries: list[str]) -> set[str]:
    """The figures that queries name."""
    return {selector.name for selector in selectors_in(queries)}


def selectors_in(queries: list[str]) -> list[promql_parser.VectorSelector]:
    """The figures of queries, with what is asked of their labels."""
    found: list[promql_parser.VectorSelector] = []

    def walk(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        for part in ("expr", "lhs", "rhs", "vector_selector", "vs", "param"):
            if hasattr(node, part):
                walk(getattr(node, part))
        for argument in getattr(node, "args", None) or ():
            walk(argument)

    for query in queries:
        walk(promql_parser.parse(query.replace("$__rate_interval", "5m")))
    return found


@pytest.fixture(scope="module")
def dashboard() -> dict:
    return json.loads((DEPLOY / "grafana.json").read_text("utf-8"))


def test_every_figure_of_the_dashboard_is_one_that_the_server_gives(dashboard):
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    names = names_in(queries)
    assert len(names) > 12
    assert names - given().keys() == set()
    (variable,) = [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    assert re.fullmatch(r"label_values\((\S+), model_name\)", variable["query"])[1] in given()


def test_the_models_that_are_chosen_are_those_of_every_panel(dashboard):
    """A panel of figures that the server does not give by model says so in its title."""
    is_of_model = given()
    for panel in dashboard["panels"]:
        for selector in selectors_in([target["expr"] for target in panel["targets"]]):
            asked = [(each.name, each.op, each.value) for each in selector.matchers.matchers]
            is_chosen = ("model_name", promql_parser.MatchOp.Re, "$model") in asked
            assert is_chosen == is_of_model[selector.name], panel["title"]
            assert is_chosen != panel["title"].endswith(", of all models")


def test_the_dashboard_is_laid_out(dashboard):
    cells = []
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["datasource"]["uid"] == "${source}"
        assert [target["refId"] for target in panel["targets"]] == list("ABC")[: len(panel["targets"])]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells += [(x, y) for x in range(place["x"], place["x"] + place["w"])
                  for y in range(place["y"], place["y"] + place["h"])]  # fmt: skip
    assert len(cells) == len(set(cells))  # no panel lies on another
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_the_image_of_the_server():
    """As text alone: there is no container engine here."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"\\\n", " ", text)
    steps = [line.split(None, 1) for line in lines.splitlines() if line and not line.startswith("#")]
    assert {step for step, _ in steps} <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "STOPSIGNAL",
                                           "HEALTHCHECK", "ENTRYPOINT", "CMD"}  # fmt: skip
    found = dict(steps)
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", found["FROM"])
    assert found["USER"] != "root"
    assert found["EXPOSE"] == "8500 8501"
    assert json.loads(found["ENTRYPOINT"]) == ["python", "-m", "imgcls.serve", "--host", "0.0.0.0"]
    assert "/v2/health/ready" in found["HEALTHCHECK"]
    assert "--constraint constraints.txt" in found["RUN"]
    for step, rest in steps:
        if step == "COPY":
            assert all((ROOT / name).exists() for name in rest.split()[:-1])
    assert f"imgcls-serve:{__version__}" in text
