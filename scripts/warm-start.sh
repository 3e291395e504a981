#!/usr/bin/env bash
# The adapter that training begins with, as `make warm-start` makes it: tasks from packages, demonstrations of them,
# two rounds of supervised training, an evaluation on held-out tasks after each.
# Interrupted, it goes on where it stopped; `rm -r runs/warm-start` starts over.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hindsight=.build/release/hindsight
tasks=runs/tasks
run=runs/warm-start
evaluated=${EVALUATED:-32}
# Tasks whose solution changes one line, in two ways each: lines that have to be made up again are out of so
# small a model's reach.
one_line=(broken-chain comparison constant default-value early-return exception-kind inverted-if late-return
  loop-control negated-condition operator removed-call removed-condition swapped-lines swapped-operands
  wrong-variable)
rates=(1e-3 5e-4)

say() { printf '\n== %s\n' "$*"; }

mkdir -p "$run"
if [ ! -f "$tasks/report.json" ]; then
  say "making tasks"
  "$hindsight" tasks make --sources scripts/sources.toml --output "$tasks"
fi

say "a sample of $evaluated held-out tasks"
if [ ! -f "$run/held-out.txt" ]; then
  "$hindsight" tasks list --tasks "$tasks" --split held-out --json \
    | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | sort \
    | shuf -n "$evaluated" --random-source=scripts/sources.toml >"$run/held-out.new"
  mv "$run/held-out.new" "$run/held-out.txt"
fi
mapfile -t held_out <"$run/held-out.txt"

start=(--rank 8 --alpha 16)
for round in "${!rates[@]}"; do
  folder=$run/round-$((round + 1))
  say "round $((round + 1)) of ${#rates[@]}"
  if [ ! -f "$folder/done" ]; then
    "$hindsight" sft --tasks "$tasks" --per-task 1 --epochs 1 --batch 8 --max-tokens 900 \
      --learning-rate "${rates[$round]}" --feedback 'tight(160)' --held-out 64 \
      --seed $((round + 1)) --output "$folder" "${start[@]}" --bug "${one_line[@]}"
    touch "$folder/done"
  fi
  start=(--adapter "$folder/adapter")
  if [ ! -f "$folder/eval/report.json" ]; then
    "$hindsight" eval --force --tasks "$tasks" --samples 8 --temperature 1 --seed 1 \
      --max-turns 40 --max-action-tokens 96 --max-tokens 4096 --adapter "$folder/adapter" \
      --output "$folder/eval" "${held_out[@]}"
  fi
done

say "held-out tasks after each round"
reports=()
for round in "${!rates[@]}"; do
  reports+=("round $((round + 1))=$run/round-$((round + 1))/eval")
done
"$hindsight" report "${reports[@]}"
echo
echo "The adapter is in $run/round-${#rates[@]}/adapter."
