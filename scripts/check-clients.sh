#!/usr/bin/env bash
# What real clients get from `hindsight serve`: OpenAI's Python client, and mini-swe-agent at work on a task. And what
# `hindsight run` gets from a server that isn't ours: llama.cpp's, with the same model. And what Harbor's own models
# say of our ATIF.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hindsight=$PWD/.build/release/hindsight
venv=$PWD/.build/clients
model=$PWD/models/SmolLM2-135M-Instruct.Q4_1.gguf
if ! "$venv/bin/python" -c "import openai, minisweagent, llama_cpp.server, harbor" 2>/dev/null; then
  python3 -m venv "$venv"
  # llama.cpp is compiled: this takes some minutes.
  "$venv/bin/pip" install --quiet openai mini-swe-agent "llama-cpp-python[server]==0.3.36"
  # Its models of trajectories need pydantic alone and run on older Pythons than the whole of it.
  "$venv/bin/pip" install --quiet --no-deps --ignore-requires-python harbor==0.26.0
fi
work=$(mktemp -d)
HINDSIGHT_SERVE_KEY=secret "$hindsight" serve --port 0 >"$work/served.log" 2>&1 &
server=$!
llama=
trap 'kill $server $llama 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
  grep -q /v1 "$work/served.log" && break
  kill -0 $server
  sleep 0.2
done
address=$(sed -n 's/.* at \(http.*\)$/\1/p' "$work/served.log")

"$venv/bin/python" Tests/Clients/openai_client.py "$address" secret

mkdir "$work/exported" "$work/harbor"
for transcript in transcripts/*.jsonl; do
  "$hindsight" export "$transcript" --format atif --output "$work/exported/$(basename "$transcript" .jsonl).json"
done
"$venv/bin/python" Tests/Clients/harbor_atif.py "$work/exported" "$work/harbor"
for trajectory in "$work"/harbor/*.json; do
  name=$(basename "$trajectory" .json).jsonl
  "$hindsight" import "$trajectory" --output "$work/harbor/$name" >/dev/null
  cmp "$work/harbor/$name" "transcripts/$name"
done
echo "what Harbor wrote comes back as the same transcripts"

instruction=$(cat tasks/base64-accents/instruction.md)
cp -r tasks/base64-accents/environment "$work/repository"
cd "$work/repository"
# So small a model says hardly anything that this agent takes for a command: what counts is that it is asked and
# answered until the agent gives up.
OPENAI_API_KEY=secret OPENAI_API_BASE=$address MSWEA_COST_TRACKING=ignore_errors MSWEA_CONFIGURED=true \
  MSWEA_SILENT_STARTUP=1 MSWEA_GLOBAL_CONFIG_DIR="$work" \
  "$venv/bin/mini" --model openai/small --model-class litellm_textbased --yolo --exit-immediately \
  --config mini_textbased.yaml --config agent.step_limit=6 --config model.model_kwargs.max_tokens=64 \
  --task "$instruction" \
  --output "$work/mini.traj.json" >"$work/mini.log" 2>&1 || true
"$venv/bin/python" - "$work/mini.traj.json" <<'PYTHON'
import json
import sys

trajectory = json.load(open(sys.argv[1]))
calls = trajectory["info"]["model_stats"]["api_calls"]
status = trajectory["info"]["exit_status"]
assert calls >= 2 and status in ("LimitsExceeded", "RepeatedFormatError", "Submitted"), (calls, status)
print(f"mini-swe-agent {trajectory['info']['mini_version']} asked {calls} times: {status}")
PYTHON

git init -q . && git add -A && git -c user.name=check -c user.email=check@localhost commit -qm begin
port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
for dialect in compact openai; do
  format=
  # Only this of its formats writes tool calls: by a grammar, so that even so small a model's are calls.
  if [ "$dialect" = openai ]; then format="--chat_format chatml-function-calling"; fi
  # shellcheck disable=SC2086 # two words or none
  "$venv/bin/python" -m llama_cpp.server --model "$model" --host 127.0.0.1 --port "$port" --n_ctx 4096 $format \
    >"$work/llama.log" 2>&1 &
  llama=$!
  for _ in $(seq 300); do
    "$venv/bin/python" -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/v1/models')" \
      2>/dev/null && break
    kill -0 $llama
    sleep 0.2
  done
  # It stops at a limit, or after replies that are no action: 1 says so, 2 would be trouble.
  status=0
  "$hindsight" run --repo . --issue "$instruction" --test "make test" --model "http://127.0.0.1:$port/v1" \
    --dialect "$dialect" --max-turns 3 --max-tokens 64 --output "$work/$dialect" >"$work/run.log" 2>&1 || status=$?
  if [ $status -gt 1 ]; then cat "$work/run.log"; exit 1; fi
  # On a terminal its answers are streamed, but for calls, which it can't stream.
  script -qec "'$hindsight' run --repo . --issue 'Mend it.' --model http://127.0.0.1:$port/v1 --dialect $dialect \
    --max-turns 2 --max-tokens 64 --output '$work/$dialect-terminal'" "$work/terminal.log" >/dev/null || status=$?
  if [ $status -gt 1 ] || { [ "$dialect" = compact ] && ! grep -q '… ..' "$work/terminal.log"; }; then
    cat "$work/terminal.log"
    exit 1
  fi
  kill $llama
  wait $llama 2>/dev/null || true
  "$venv/bin/python" - "$dialect" "$work/$dialect"/*.jsonl "$work/$dialect-terminal"/*.jsonl <<'PYTHON'
import json
import sys

import llama_cpp

lines = [json.loads(line) for line in open(sys.argv[2])]
turns = [line for line in lines if line["type"] == "turn"]
assert turns and all(turn["usage"]["prompt_tokens"] > 0 for turn in turns), lines
calls = [turn["call"]["name"] for turn in turns if "call" in turn]
assert calls or sys.argv[1] != "openai", lines
streamed = [line for line in map(json.loads, open(sys.argv[3])) if line["type"] == "turn"]
assert streamed and any(turn["text"] for turn in streamed), streamed
print(
    f"llama.cpp's server ({llama_cpp.__version__}), {sys.argv[1]}: {len(turns)} turns, calls {calls}; "
    f"{len(streamed)} on a terminal"
)
PYTHON
done
