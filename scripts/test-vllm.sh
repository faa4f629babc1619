#!/bin/sh
# Chat against a real vLLM on the CPU: builds vLLM's own environment once, then runs tests/vllm. No arguments.
set -eu
cd "$(dirname "$0")/.."

venv=.venv-vllm
pinned=constraints-vllm.txt
operators=tests/vllm/torchvision_operators.py
stamp=$venv/.ready
wanted=$(cat $pinned $operators "$0" | sha256sum | cut -d' ' -f1)

[ "$(uname -sm)" = "Linux x86_64" ] || { echo "vLLM's build for CPUs is for Linux on x86-64 alone; this is $(uname -sm)." >&2; exit 1; }
[ -x .venv/bin/pytest ] || { echo "Exhibit's own environment is not there yet: run \`make test-vllm\`." >&2; exit 1; }

if [ "$(cat $stamp 2>/dev/null)" != "$wanted" ]; then
    echo "Setting up $venv (once, a few minutes) …"
    python=$(command -v python3.11 || command -v "${PYTHON:-python3}")
    "$python" -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "The pinned versions in constraints-vllm.txt are for Python 3.11; this is %d.%d." % sys.version_info[:2])'
    rm -rf $venv
    "$python" -m venv $venv
    # every version is exact, so nothing is left to resolve
    if ! $venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-compile --requirement $pinned; then
        echo "vLLM for CPUs can't be installed. It needs exactly $(grep '^torch==' $pinned): if that is what pip didn't find," >&2
        echo "name an index that has PyTorch's builds for CPUs in PIP_EXTRA_INDEX_URL, and try again." >&2
        exit 1
    fi
    site=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    cp $operators "$site/"
    echo 'import torchvision_operators; torchvision_operators.install()' > "$site/torchvision_operators.pth"
    echo "$wanted" > $stamp
fi

exec .venv/bin/python -m pytest tests/vllm -p no:cacheprovider
