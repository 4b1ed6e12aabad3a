"""The house: who may import whom, sizes of files and functions, names that may not appear."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "optcli"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if "vendor" not in p.parts)

MAY_IMPORT = {
    "parts": {"units"},
    "recipe": {"units", "parts"},
    "run": set(),
    "diagnosis": {"run", "recipe.patch", "units"},
    "train": {"parts", "recipe", "run", "diagnosis", "units", "exits", "crash", "show"},
    "trial": {"train", "diagnosis", "recipe", "run", "parts", "units", "exits"},
    "show": {"recipe", "run", "diagnosis", "trial", "units", "exits", "parts"},
}
"""Room -> the rooms it may use besides itself; `train` uses `show` for its progress line and its last words."""


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield f"{file.name}:{node.name}", (node.end_lineno or 0) - (body[0].lineno if body else node.lineno) + 2


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    allowed = MAY_IMPORT.get(room)
    if allowed is None:
        return
    ours = (
        name.removeprefix("optcli.")
        for name in imports(ast.parse(file.read_text(encoding="utf-8")))
        if name.startswith("optcli.")
    )
    bad = {name for name in ours if not any(name == a or name.startswith(f"{a}.") for a in {room, *allowed})}
    assert not bad


def test_nobody_imports_commands() -> None:
    users = {
        f.name
        for f in FILES
        if f.parent.name != "commands"
        and any(n.startswith("optcli.commands") for n in imports(ast.parse(f.read_text())))
    }
    assert not users


def test_rules_know_no_cause_and_no_other_rule() -> None:
    for file in [*PACKAGE.glob("diagnosis/rules/*.py"), *PACKAGE.glob("diagnosis/causes/*.py")]:
        other = [
            n
            for n in imports(ast.parse(file.read_text()))
            if re.match(r"optcli\.diagnosis\.(rules|causes)\.[a-z]\w+", n)
        ]
        assert not [n for n in other if not n.rsplit(".", 1)[-1].startswith("_")], file


def test_only_world_names_a_back_end_or_a_rank() -> None:
    for file in PACKAGE.rglob("*.py"):
        if file.name == "world.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"cuda", "mps", "xpu"}, f"{file}:{node.lineno}"
            if isinstance(node, ast.Compare):
                asks = re.search(r"\brank (==|!=|>) \d", ast.unparse(node))
                assert not asks, f"{file}:{node.lineno}"


def test_no_code_from_data() -> None:
    banned = {"eval", "exec"}
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in {"pickle.load", "pickle.loads", "yaml.unsafe_load", "os.system"}, (
                    f"{file}:{node.lineno}"
                )
                if name == "yaml.load":
                    assert "SafeLoader" in ast.unparse(node), f"{file}:{node.lineno}"
                if name in banned:
                    assert file.name in {"catalogue.py", "own.py"}, f"{file}:{node.lineno}"
                for word in node.keywords:
                    value = ast.unparse(word.value)
                    assert (word.arg, value) not in {("shell", "True"), ("weights_only", "False")}, (
                        f"{file}:{node.lineno}"
                    )


def test_sizes() -> None:
    lines = {f: len(f.read_text(encoding="utf-8").splitlines()) for f in FILES}
    assert not {str(f): n for f, n in lines.items() if n > 300}
    sizes = dict(pair for f in FILES for pair in functions(f))
    assert not {name: n for name, n in sizes.items() if n > 60}
    assert median(sizes.values()) <= 9
    assert quantiles(sizes.values(), n=10)[-1] <= 30


def test_fit_is_one_screen() -> None:
    assert dict(functions(PACKAGE / "train" / "loop.py"))["loop.py:fit"] <= 45


def test_no_machine_path_or_workplace_word() -> None:
    words = re.compile(r"/work/|/root/|\.library|farm-|\bthe CEO\b")
    for file in ROOT.rglob("*"):
        if any(
            p in {".git", ".venv", "runs", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__", ".hypothesis"}
            for p in file.parts
        ):
            continue
        if (
            file.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ""}
            and file.is_file()
            and file.name != Path(__file__).name
        ):
            text = file.read_bytes().decode("utf-8", "replace")
            assert not words.search(text), file
