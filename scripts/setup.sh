# Sourced by start and check: a virtual environment in .venv with the pinned set, made anew only when its inputs changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

newest_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "error: optcli needs Python 3.11 or newer on the PATH" >&2
    exit 2
}

set_up() {
    local python stamp
    python=${PYTHON:-$(newest_python)} # a failure in here ends the script, one inside the next line's words would not
    python=$("$python" -c 'import sys; print(sys.executable)')
    stamp=$(cat pyproject.toml scripts/constraints.txt scripts/setup.sh <(echo "$python $PWD") | cksum)
    if [ ! -x .venv/bin/optcli ] || [ "$(cat .venv/stamp 2>/dev/null)" != "$stamp" ]; then
        echo "setting up .venv (a few minutes the first time)" >&2
        .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -c scripts/constraints.txt -e '.[dev]'
        echo "$stamp" >.venv/stamp
    fi
    # Where PYTHONDONTWRITEBYTECODE is set, every start would compile the package anew: a third of its time.
    .venv/bin/python -m compileall -q optcli
}
