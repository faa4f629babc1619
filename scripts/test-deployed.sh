#!/bin/sh
# The containers of docker-compose.yml, run for real. Ends with 77 where no Docker engine runs or can be started. No arguments.
set -eu
cd "$(dirname "$0")/.."

[ -x .venv/bin/pytest ] || { echo "Exhibit's own environment is not there yet: run \`make test-deployed\`." >&2; exit 1; }
exec .venv/bin/python -m pytest tests/deployed -p no:cacheprovider
