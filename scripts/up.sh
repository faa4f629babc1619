#!/bin/sh
# Starts Exhibit in containers: finds out what the machine has, builds the image, waits until it answers. No arguments.
set -eu
cd "$(dirname "$0")/.."

LEAST_MEMORY=3000000000 # bytes: without vLLM
LONGEST_S=600

say() { printf '%s\n' "$*"; }
stop() { say "$*" >&2; exit 1; }

command -v docker >/dev/null || stop "Docker is not installed: https://docs.docker.com/engine/install/ (or run \`make run\`, which needs none)."
docker info >/dev/null 2>&1 || stop "Docker doesn't answer: it isn't running, or this user may not use it (\`docker info\` says which)."
if docker compose version >/dev/null 2>&1; then compose='docker compose'
elif command -v docker-compose >/dev/null; then compose=docker-compose
else stop "Docker is here, but not its plugin \`docker compose\`: https://docs.docker.com/compose/install/"; fi

setting() { sed -n "s/^$1=//p" .env | tail -n 1; }

if [ ! -e .env ]; then
    (umask 077 && cp .env.example .env)
    say "Settings are in .env, which was made from .env.example."
fi

# A GPU counts if the driver answers and Docker knows how to hand it to a container.
has_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi --list-gpus 2>/dev/null | grep -q '^GPU '; }
hands_gpu() { docker info --format '{{json .Runtimes}}' | grep -q nvidia || command -v nvidia-container-runtime-hook >/dev/null; }

profile=${COMPOSE_PROFILES:-$(setting COMPOSE_PROFILES)}
if [ -z "$profile" ]; then
    profile=cpu
    if has_gpu; then
        if hands_gpu; then profile=gpu
        else say "There is an NVIDIA GPU, but Docker has no NVIDIA runtime: install the NVIDIA Container Toolkit, remove the line COMPOSE_PROFILES from .env, and run \`make up\` again."; fi
    fi
    say "" >> .env
    say "# found by \`make up\`: gpu starts vLLM too, cpu doesn't" >> .env
    say "COMPOSE_PROFILES=$profile" >> .env
    if [ "$profile" = gpu ] && [ -z "$(setting EXHIBIT_LLM__URL)" ]; then
        say "EXHIBIT_LLM__URL=http://vllm:8000/v1" >> .env
    fi
elif [ "$profile" = gpu ] && ! hands_gpu; then
    stop "The profile \`gpu\` needs Docker's NVIDIA runtime, which is not here: install the NVIDIA Container Toolkit, or set COMPOSE_PROFILES=cpu in .env."
fi
[ -n "${EXHIBIT_LLM__URL:-$(setting EXHIBIT_LLM__URL)}" ] || say "There is no language model: answers quote the documents, word for word (EXHIBIT_LLM__URL in .env names one)."

memory=$(docker info --format '{{.MemTotal}}')
[ "$memory" -ge $LEAST_MEMORY ] || say "Docker has $((memory / 1000000)) MB of memory; Exhibit needs 3000: large documents may fail."

$compose build api || stop "The image can't be built: the lines above say why."
began=$(date +%s)
$compose up --detach || stop "Nothing was started, or not all: the lines above say why."

# ---------------------------------------------------------------- until it answers

health() {
    container=$($compose ps -q "$1" 2>/dev/null | head -n 1)
    [ -n "$container" ] && docker inspect --format '{{.State.Health.Status}} {{.RestartCount}}' "$container"
}
# A process that doesn't start says why in one sentence.
why() { $compose logs --no-color --tail 200 "$1" 2>/dev/null | sed -n 's/.*\(exhibit: .*\)/\1/p' | tail -n 1; }

waited() { echo $(($(date +%s) - began)); }
for service in api worker; do
    until [ "$(health $service | cut -d' ' -f1)" = healthy ]; do
        restarts=$(health $service | cut -d' ' -f2)
        if [ "${restarts:-0}" -gt 1 ]; then
            sentence=$(why $service)
            stop "Exhibit doesn't start. ${sentence:-\`$compose logs $service\` says why.}"
        fi
        [ "$(waited)" -lt $LONGEST_S ] || stop "Exhibit is not ready after $LONGEST_S s: \`$compose ps\` and \`$compose logs\` say where it stands."
        sleep 1
    done
done

address=$($compose port api 8000 | head -n 1)
say "Exhibit is at http://$address, ready after $(waited) s."
if [ -n "$(setting EXHIBIT_API_KEYS)" ]; then say "Its keys are those of EXHIBIT_API_KEYS in .env."
else say "Its key: $compose exec api cat /data/api-key"; fi
say "To stop it: $compose down (what is stored stays)."
