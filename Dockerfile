# One image for the API and the worker; the command chooses. Tried by `make test-deployed`.
# Behind a mirror, or without a network: PYTHON_IMAGE and TORCH_INDEX name what stands in for the two sources below.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

# The names of what must be installed, apart from the code: a change of code then installs nothing anew.
FROM ${PYTHON_IMAGE} AS requirements
COPY pyproject.toml constraints.txt /src/
RUN python -c "import tomllib; \
    project = tomllib.load(open('/src/pyproject.toml', 'rb'))['project']; \
    extras = project['optional-dependencies']; \
    print(*project['dependencies'], *extras['server'], *extras['standard'], sep='\n')" > /src/requirements.txt

FROM ${PYTHON_IMAGE}
# LibreOffice without its windows, for DOC, XLS and PPT and for drawings of slides, with letters it can draw them in.
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
        libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui \
        fonts-liberation2 fonts-dejavu-core fonts-wqy-zenhei >/dev/null \
    && apt-get clean && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale \
    && useradd --no-create-home --uid 10001 exhibit \
    && install -d -m 700 -o exhibit -g exhibit /data /cache /hub /secrets
# The models that read documents run on the CPU here, the language model in a container of its own:
# PyTorch's CPU build saves several GB.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY --from=requirements /src/requirements.txt /src/constraints.txt /src/
# Left out again: what only serves to build against PyTorch or to test libraries, and the client for Kubernetes, which
# Chroma's own clusters need (126 MB).
RUN python -m venv /opt/exhibit \
    && /opt/exhibit/bin/pip install --no-cache-dir --disable-pip-version-check --quiet \
        --extra-index-url "$TORCH_INDEX" --constraint /src/constraints.txt --requirement /src/requirements.txt setuptools \
    && cd /opt/exhibit/lib/python3*/site-packages \
    && rm -rf torch/include torch/test torch/bin/protoc* torch/bin/*Test openvino/include kubernetes \
    && find . -type d -name tests -prune -exec rm -rf {} +
ENV PATH=/opt/exhibit/bin:$PATH PYTHONUNBUFFERED=1
COPY pyproject.toml README.md LICENSE /src/
COPY app /src/app
COPY answering /src/answering
COPY system /src/system
COPY language /src/language
COPY domain /src/domain
COPY ingest /src/ingest
COPY retrievers /src/retrievers
COPY prompts /src/prompts
COPY evaluation /src/evaluation
RUN pip install --no-cache-dir --disable-pip-version-check --quiet --no-deps --no-build-isolation /src \
    && rm -rf /src
# The models in this machine's number format, which takes a minute: a machine with the same processor starts without.
RUN EXHIBIT_CACHE_DIR=/opt/exhibit/seed exhibit prepare --models && chmod -R a+rX /opt/exhibit/seed
USER exhibit
ENV HOME=/tmp EXHIBIT_DATA_DIR=/data EXHIBIT_CACHE_DIR=/cache EXHIBIT_HOST=0.0.0.0 EXHIBIT_PORT=8000 HF_HOME=/hub
EXPOSE 8000
CMD ["exhibit", "serve"]
