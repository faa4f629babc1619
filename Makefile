# Every target sets up what it needs; none takes arguments. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DRAWS := $(VENV)/.draws

.PHONY: demo run up test check types bench eval coverage test-servers test-vllm test-deployed test-page format clean help

help:
	@echo "make demo       set up, start, take in the samples, ask four questions, keep running"
	@echo "make run        the service alone, on 127.0.0.1:8000"
	@echo "make up         the service in containers, with Postgres, Chroma and, on an NVIDIA GPU, vLLM"
	@echo "make test       the tests"
	@echo "make coverage   the tests, with the share of branches that they reach"
	@echo "make check      ruff, mypy --strict, import contracts, the page's types"
	@echo "make test-servers  two APIs and two workers on one Postgres: cut off, ended, restarted"
	@echo "make test-vllm  chat against a real vLLM on the CPU"
	@echo "make test-deployed   the containers, started, killed and upgraded"
	@echo "make test-page  the page in a browser"
	@echo "make eval       page hits on the samples (and on other question sets that are there), and the image model"
	@echo "make bench      compare with the default pipelines of LangChain and LlamaIndex"

# Exact versions make this a minute or two; letting pip resolve takes four to eight.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Exhibit needs Python 3.11 or newer; this is %d.%d" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (once, a few minutes) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python scripts/demo.py --start

run: $(READY)
	@$(BIN)/exhibit serve

up:
	@scripts/up.sh

# OpenAI's client for Node is tried where npm can bring it; its test is skipped elsewhere.
NODE_CLIENT := .cache/node/node_modules/openai
$(NODE_CLIENT):
	@! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --fetch-retries=0 --fetch-timeout=30000 --prefix .cache/node openai@7.57.0 || true

# Two at a time, those of the whole service first: they are the longest, and wait much of their time.
test: $(READY) $(NODE_CLIENT)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# A person's way through the page, in Debian's Chromium; skipped where there is none.
test-page: $(READY)
	@$(BIN)/python -m pytest tests/page

# Twice as slow as the tests alone; prints the share of branches and what no test reaches, longest first.
coverage: $(READY) $(NODE_CLIENT)
	@rm -rf .coverage && mkdir .coverage
	@$(BIN)/python -m coverage run -m pytest -n 2 --dist loadfile --no-loadscope-reorder -o timeout=600
	@$(BIN)/python -m coverage combine --quiet || echo "(what was killed in the middle of writing is left out)"
	@$(BIN)/python -m coverage report --skip-covered --sort=miss --show-missing

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@! command -v npm >/dev/null || $(MAKE) --silent types

# The page's JavaScript, by the types in its comments; skipped where npm can't bring the compiler.
TSC := .cache/tsc/node_modules/.bin/tsc
types:
	@test -x $(TSC) || npm install --silent --no-audit --no-fund --fetch-retries=0 --fetch-timeout=30000 --prefix .cache/tsc typescript@7.0.2 || true
	@! test -x $(TSC) || $(TSC) -p app/web

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Several services and workers at once: minutes, and more than the other tests have room for.
test-servers: $(READY)
	@$(BIN)/python -m pytest tests/servers

test-vllm: $(READY)
	@PYTHON=$(PYTHON) scripts/test-vllm.sh

test-deployed: $(READY)
	@scripts/test-deployed.sh

# The part "figures" draws charts with other libraries than the training's.
$(DRAWS): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,train]'
	@touch $(DRAWS)

eval: $(DRAWS)
	@$(BIN)/python -m evaluation --claims
	@$(BIN)/python -m lab.measures.about --most 1500
	@$(BIN)/python -m lab.measures.cases
	@$(BIN)/python -m lab.measures.figures

bench: $(READY)
	@$(BIN)/python -m lab.bench

clean:
	rm -rf $(VENV) .venv-vllm .venv-bench .mypy_cache .ruff_cache .pytest_cache .cache
