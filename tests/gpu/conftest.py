"""The library behind the fake CUDA device."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that makes torch believe in a CUDA device; see `shim.cpp`."""
    compiler = shutil.which("g++")
    home = Path(torch.__file__).parent
    if compiler is None or not (home / "include" / "ATen").exists():
        pytest.skip("no g++, or no headers of torch, to build the fake CUDA device with")
    if torch.version.cuda is not None:
        pytest.skip("this torch knows CUDA, so a fake device can't be put in its place")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    command = [compiler, "-std=c++20", "-O0", "-shared", "-fPIC", str(HERE / "shim.cpp"), "-o", str(library)]
    links = [f"-I{home / 'include'}", f"-L{home / 'lib'}", "-ltorch_cpu", "-lc10", f"-Wl,-rpath,{home / 'lib'}"]
    done = subprocess.run([*command, *links], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return library
