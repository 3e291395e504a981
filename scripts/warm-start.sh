#!/usr/bin/env bash
# The adapter that training begins with, as `make warm-start` makes it: tasks from packages, demonstrations of them,
# supervised training, an evaluation on held-out tasks.
# Interrupted, it goes on where it stopped; `rm -r runs/warm-start` starts over.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hindsight=.build/release/hindsight
tasks=runs/tasks
run=runs/warm-start
evaluated=${EVALUATED:-32}
# Tasks whose solution changes one line: lines that have to be made up again are out of so small a model's reach.
one_line=(broken-chain comparison constant default-value early-return exception-kind inverted-if late-return
  loop-control negated-condition operator removed-call removed-condition swapped-lines swapped-operands
  wrong-variable)

say() { printf '\n== %s\n' "$*"; }

mkdir -p "$run"
if [ ! -f "$tasks/report.json" ]; then
  say "making tasks"
  "$hindsight" tasks make --sources scripts/sources.toml --output "$tasks"
fi

if [ ! -f "$run/trained" ]; then
  say "demonstrations and training"
  # One demonstration of each task: other bugs teach more than the same ones again.
  "$hindsight" sft --tasks "$tasks" --bug "${one_line[@]}" --per-task 1 --epochs 1 --batch 8 --max-tokens 950 \
    --learning-rate 1e-3 --rank 8 --alpha 16 --feedback 'tight(160)' --held-out 64 --jobs 3 --seed 1 \
    --output "$run"
  touch "$run/trained"
fi

say "a sample of $evaluated held-out tasks"
if [ ! -f "$run/held-out.txt" ]; then
  "$hindsight" tasks list --tasks "$tasks" --split held-out --json \
    | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | sort \
    | shuf -n "$evaluated" --random-source=scripts/sources.toml >"$run/held-out.new"
  mv "$run/held-out.new" "$run/held-out.txt"
fi
mapfile -t held_out <"$run/held-out.txt"
if [ ! -f "$run/eval/report.json" ]; then
  "$hindsight" eval --force --tasks "$tasks" --samples 8 --temperature 1 --seed 1 \
    --max-turns 40 --max-action-tokens 96 --max-tokens 4096 --adapter "$run/adapter" \
    --output "$run/eval" "${held_out[@]}"
fi
"$hindsight" report "warm start=$run/eval"
echo
echo "The adapter is in $run/adapter."
