#!/usr/bin/env bash
# What real clients get from `hindsight serve`: OpenAI's Python client, and mini-swe-agent at work on a task.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hindsight=$PWD/.build/release/hindsight
venv=$PWD/.build/clients
if [ ! -x "$venv/bin/mini" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet openai mini-swe-agent
fi
work=$(mktemp -d)
HINDSIGHT_SERVE_KEY=secret "$hindsight" serve --port 0 >"$work/served.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
  grep -q /v1 "$work/served.log" && break
  kill -0 $server
  sleep 0.2
done
address=$(sed -n 's/.* at \(http.*\)$/\1/p' "$work/served.log")

"$venv/bin/python" Tests/Clients/openai_client.py "$address" secret

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
