#!/usr/bin/env bash
# The whole loop, as `make train` runs it: evaluate, train, evaluate again, show what changed.
# Interrupted, it goes on where it stopped; `rm -r runs/train` starts over.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hindsight=.build/release/hindsight
adapter=models/adapters/warm-start
run=runs/train
steps=${STEPS:-8}
samples=${SAMPLES:-2}
# The same episodes' limits before, in and after training.
limits=(--max-turns 16 --max-action-tokens 96 --max-tokens 3072)

say() { printf '\n== %s\n' "$*"; }

"$hindsight" doctor

# Evaluations are kept: one that's done isn't done again.
evaluate() { # name adapter split
  if [ -f "$run/$1/report.json" ]; then return; fi
  say "evaluating $1"
  "$hindsight" eval --force --adapter "$2" --split "$3" --samples "$samples" --seed 1 \
    "${limits[@]}" --output "$run/$1"
}

evaluate before-held-out "$adapter" held-out
evaluate before-train "$adapter" train

say "training: $steps steps of SDPO on the training split"
if [ -f "$run/sdpo/config.json" ]; then
  "$hindsight" train --resume "$run/sdpo"
else
  "$hindsight" train --adapter "$adapter" --output "$run/sdpo" --steps "$steps" \
    --tasks-per-step 3 --group-size 4 --seed 7 "${limits[@]}"
fi

evaluate after-held-out "$run/sdpo/final" held-out
evaluate after-train "$run/sdpo/final" train

say "before and after"
"$hindsight" report \
  "before, held-out=$run/before-held-out" "after, held-out=$run/after-held-out" \
  "before, train=$run/before-train" "after, train=$run/after-train"

say "one episode of the trained agent"
transcript=$("$hindsight" report --transcript "$run/after-held-out" "$run/after-train")
"$hindsight" replay --view "$transcript"
echo
echo "This transcript is $transcript."
echo "Metrics: $run/sdpo/metrics.jsonl (TensorBoard: tensorboard --logdir $run/sdpo)"
