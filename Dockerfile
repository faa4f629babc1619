# One image for the API and the worker; the command chooses. Not yet run by its authors: see docs/operations.md.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/exhibit
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY app app
COPY answering answering
COPY system system
COPY language language
COPY domain domain
COPY ingest ingest
COPY retrievers retrievers
COPY prompts prompts
COPY evaluation evaluation
# The models that read documents run on the CPU here, the language model in a container of its own:
# PyTorch's CPU build saves several GB. Set TORCH_INDEX to a mirror where this one can't be reached.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN /opt/exhibit/bin/pip install --extra-index-url "$TORCH_INDEX" --constraint constraints.txt '.[server]'

FROM python:3.11.14-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 exhibit \
    && install -d -o exhibit -g exhibit /data
COPY --from=build /opt/exhibit /opt/exhibit
USER exhibit
ENV PATH=/opt/exhibit/bin:$PATH EXHIBIT_DATA_DIR=/data EXHIBIT_HOST=0.0.0.0 EXHIBIT_PORT=8000 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["exhibit", "serve"]
