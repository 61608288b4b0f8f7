"""timm's side of `benchmarks/gpu.py`: training steps a second on one GPU. It needs torch and timm, and nothing of ours.

    OTHER/bin/python benchmarks/gpu_torch.py --cases compiled eager --results rates.json

OTHER is an environment with `torch` for CUDA and `timm`. The network is channels_last under bfloat16 autocast, with
SGD, Nesterov momentum and cross-entropy, on one batch on the device; the loss is read once at the end of each round.
With --images FOLDER its JPEG files are read, cropped and mirrored by timm's own loader, as uint8 with pinned memory and
copied beside the steps, by --workers processes.
"""

import argparse
import itertools
import json
import os
import statistics
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=["compiled", "eager"], choices=["compiled", "eager", "tuned"])
    parser.add_argument("--model", default="resnet50", help="name of timm's")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--images", type=Path, help="folder of JPEG files, in folders of classes")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    for case in options.cases:
        row = {"side": "timm", "case": case, "model": options.model, "batch": options.batch_size}
        row |= {"files": options.images is not None}
        try:
            row |= measured(options, case)
        except Exception as error:  # the other cases are measured in any case
            row |= {"error": f"{type(error).__name__}: {str(error)[:1500]}"}
        print(json.dumps(row), flush=True)
        if options.results:
            with options.results.open("a") as file:
                file.write(json.dumps(row) + "\n")


def measured(options: argparse.Namespace, case: str) -> dict[str, object]:
    """The images a second of a case, and how long it took to prepare."""
    import timm
    import torch

    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    began = time.perf_counter()
    model = timm.create_model(options.model, num_classes=1000).cuda().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9, nesterov=True, fused=True)
    count, size = options.batch_size, options.image_size
    if options.images:
        batches = itertools.chain.from_iterable(itertools.repeat(loader(options)))
    else:
        pixels = torch.randn(count, 3, size, size, device="cuda").to(memory_format=torch.channels_last)
        batches = itertools.repeat((pixels, torch.randint(0, 1000, (count,), device="cuda")))
    mode = {"compiled": None, "tuned": "max-autotune-no-cudagraphs"}
    forward = model if case == "eager" else torch.compile(model, mode=mode[case])

    def seconds(steps: int) -> float:
        began = time.perf_counter()
        for pixels, labels in itertools.islice(batches, steps):
            with torch.autocast("cuda", torch.bfloat16):
                loss = torch.nn.functional.cross_entropy(forward(pixels), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        loss.item()
        torch.cuda.synchronize()
        return time.perf_counter() - began

    seconds(3)
    prepared = time.perf_counter() - began
    steps = max(5, round(options.seconds / seconds(10) * 10))
    rates = sorted(steps * count / seconds(steps) for _ in range(options.rounds))
    found = {
        "images_per_second": round(statistics.median(rates), 1),
        "range": [round(rates[0], 1), round(rates[-1], 1)],
    }
    found |= {"versions": f"torch {torch.__version__}, timm {timm.__version__}", "card": torch.cuda.get_device_name()}
    peak = torch.cuda.max_memory_allocated() / 1e9
    return found | {"steps": steps, "prepared_s": round(prepared, 1), "peak_gb": round(peak, 2)}


def loader(options: argparse.Namespace):
    """timm's loader of a folder of files."""
    import timm.data
    import torch

    return timm.data.create_loader(
        timm.data.create_dataset("", root=str(options.images)),
        input_size=(3, options.image_size, options.image_size),
        batch_size=options.batch_size,
        is_training=True,
        color_jitter=None,
        num_workers=options.workers,
        pin_memory=True,
        persistent_workers=True,
        device=torch.device("cuda"),
    )


if __name__ == "__main__":
    main()
