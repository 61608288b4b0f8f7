"""The figures that TensorFlow Serving has too, under its names, so that its dashboards go on."""

from pathlib import Path

from imgcls.serving.server.monitoring.exposition import Counter, Histogram, exponential

OK = 200
CODES = {  # names of TensorFlow's codes, which the official server writes in place of HTTP's
    OK: "OK",
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    408: "CANCELLED",
    412: "FAILED_PRECONDITION",
    413: "RESOURCE_EXHAUSTED",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
REST_CALLS = {"Predict": "predict", "Classify": "classify", "Regress": "regress", "ClassifyImages": "classify_images"}
VERSION = ("model_name", "version")


class ServingFigures:
    """TensorFlow Serving's own figures, in microseconds, with its bounds."""

    def __init__(self) -> None:
        self.request_latency = Histogram(
            ":tensorflow:serving:request_latency",
            "Distribution of wall time (in microseconds) of the requests that succeeded.",
            ("model_name", "API", "entrypoint"),
            exponential(10, 1.8, 33),
        )
        self.runtime_latency = Histogram(
            ":tensorflow:serving:runtime_latency",
            "Distribution of wall time (in microseconds) of the signatures' calls, with their wait for a batch.",
            ("model_name", "API", "runtime"),
            exponential(10, 1.8, 33),
        )
        self.graph_runs = Counter(":tensorflow:core:graph_runs", "Calls of signatures.")
        self.graph_run_time = Counter(
            ":tensorflow:core:graph_run_time_usecs", "Wall time (in microseconds) of the signatures' calls."
        )
        self.graph_run_times = Histogram(
            ":tensorflow:core:graph_run_time_usecs_histogram",
            "Distribution of wall time (in microseconds) of the signatures' calls.",
            (),
            exponential(1000, 2, 20),
        )
        self.load_attempts = Counter(
            ":tensorflow:cc:saved_model:load_attempt_count",
            "Versions that were loaded, or could not be.",
            ("model_path", "status"),
        )
        self.load_latency = Counter(
            ":tensorflow:cc:saved_model:load_latency",
            "Wall time (in microseconds) that it took to load versions, with their warm-up.",
            ("model_path",),
        )
        self.queuing_latency = Histogram(
            ":tensorflow:serving:batching_session:queuing_latency",
            "Distribution of wall time (in microseconds) that the oldest request of a batch waited.",
            ("thread_pool_name",),
            exponential(100, 1.2, 52),
        )
        self.runs = Counter(":tensorflow:serving:batching_session:wrapped_run_count", "Batches that were run.")
        self.batch_rows = Histogram(
            "imgcls_batch_images", "Distribution of the images in a batch.", VERSION, exponential(1, 2, 11)
        )
        self.requests = Counter(
            ":tensorflow:serving:request_count", "The total number of requests.", ("model_name", "status")
        )

    def request(self, api: str, method: str, model: str, status: int, seconds: float) -> None:
        """Count a request."""
        call = REST_CALLS.get(method, "") if api == "REST" else method  # a look over REST has none there either
        self.requests.add((model, CODES.get(status, "INTERNAL")))
        if status == OK:
            self.request_latency.observe((model, call, api), round(seconds * 1e6))

    def batch(self, model: str, version: int, rows: int, waited: float) -> None:
        """Count a batch."""
        self.queuing_latency.observe((model,), round(waited * 1e6))
        self.batch_rows.observe((model, str(version)), rows)
        self.runs.add()

    def run(self, model: str, seconds: float) -> None:
        """Count a call of a signature."""
        microseconds = round(seconds * 1e6)
        self.runtime_latency.observe((model, "Predict", "TF1"), microseconds)  # dashboards filter by these two
        self.graph_runs.add()
        self.graph_run_time.add((), microseconds)
        self.graph_run_times.observe((), microseconds)

    def load(self, folder: Path, is_loaded: bool, seconds: float) -> None:
        """Count a version that was loaded, or could not be."""
        self.load_attempts.add((str(folder), "success" if is_loaded else "fail"))
        if is_loaded:
            self.load_latency.add((str(folder),), round(seconds * 1e6))
