"""A program in the place of NVIDIA's nvidia-smi, because these tests have no card: it prints what a real one prints."""

import shlex


def put_nvidia_smi(folder, monkeypatch, answer: str, code: int = 0) -> None:
    """Let the first nvidia-smi on the PATH print an answer and end with a code."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(answer)}\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
