#!/usr/bin/env bash
# The adapter that training begins with, as `make warm-start` makes it: tasks from packages, demonstrations of them and
# training on them; the model's own episodes, demonstrations of what was right after them and training once more; an
# evaluation on held-out tasks.
# Interrupted, it goes on where it stopped; `rm -r runs/warm-start` starts over. A trial in minutes:
#   TASKS=tasks/made RUN=runs/trial PLAYED=4 EVALUATED=2 scripts/warm-start.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hindsight=.build/release/hindsight
tasks=${TASKS:-runs/tasks}
run=${RUN:-runs/warm-start}
evaluated=${EVALUATED:-32}
played=${PLAYED:-420}
# Tasks whose solution changes one line: lines that have to be made up again are out of so small a model's reach.
one_line=(broken-chain comparison constant default-value early-return exception-kind inverted-if late-return
  loop-control negated-condition operator removed-call removed-condition swapped-lines swapped-operands
  wrong-variable)

say() { printf '\n== %s\n' "$*"; }

mkdir -p "$run"
# Tasks that somebody names are there.
if [ -z "${TASKS:-}" ] && [ ! -f "$tasks/report.json" ]; then
  say "making tasks"
  "$hindsight" tasks make --sources scripts/sources.toml --output "$tasks"
fi

# Episodes in which many repairs are tried, a few a turn; no slow machine's clock ends them.
episodes=(--force --tasks "$tasks" --temperature 1 --max-action-tokens 96 --episode-seconds 100000 --concurrency 32)
training=(--tasks "$tasks" --bug "${one_line[@]}" --epochs 1 --batch 8 --feedback 'tight(400)' --held-out 40 --jobs 3)

if [ ! -f "$run/oracle/trained" ]; then
  say "demonstrations and training"
  # One demonstration of each task: other bugs teach more than the same ones again.
  "$hindsight" sft "${training[@]}" --per-task 1 --max-tokens 950 --learning-rate 1e-3 --rank 8 --alpha 16 --seed 1 \
    --output "$run/oracle"
  touch "$run/oracle/trained"
fi

if [ ! -f "$run/corrected/trained" ]; then
  say "what the model makes of $played of these tasks by itself"
  if [ ! -f "$run/rollouts/report.json" ]; then
    rm -rf "$run/rollouts"
    mapfile -t ids < <(sed -n 's/.*"task":"\([^"]*\)".*/\1/p' "$run/oracle/demonstrations.jsonl" | sort -u \
      | awk 'BEGIN { srand(6) } { print rand() "\t" $0 }' | sort | cut -f 2 | sed -n "1,${played}p")
    [ "${#ids[@]}" -gt 0 ] || { echo "warm-start: $run/oracle/demonstrations.jsonl names no task" >&2; exit 1; }
    "$hindsight" eval "${episodes[@]}" --max-turns 40 --max-tokens 4096 --samples 1 --seed 6 \
      --adapter "$run/oracle/adapter" --output "$run/rollouts" "${ids[@]}"
  fi
  say "what was right after it, and training"
  "$hindsight" sft "${training[@]}" --rollouts "$run/rollouts/transcripts" --per-task 3 --max-tokens 2048 \
    --learning-rate 5e-4 --adapter "$run/oracle/adapter" --seed 6 --output "$run/corrected"
  touch "$run/corrected/trained"
fi

say "a sample of $evaluated held-out tasks"
if [ ! -f "$run/held-out.txt" ]; then
  "$hindsight" tasks list --tasks "$tasks" --split held-out --json \
    | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | sort \
    | shuf -n "$evaluated" --random-source=scripts/sources.toml >"$run/held-out.new"
  mv "$run/held-out.new" "$run/held-out.txt"
fi
mapfile -t held_out <"$run/held-out.txt"
if [ ! -f "$run/evaluation/report.json" ]; then
  # After eight turns in vain, what was said only leads to more of it; ten such contexts fit.
  "$hindsight" eval "${episodes[@]}" --max-turns 80 --max-tokens 16384 --reset-after 8 --samples 8 --seed 1 \
    --adapter "$run/corrected/adapter" --output "$run/evaluation" "${held_out[@]}"
fi
"$hindsight" report "warm start=$run/evaluation"
echo
echo "The adapter is in $run/corrected/adapter."
