#!/usr/bin/env bash
# How many attempts it takes until a task's visible tests pass: attempts that know nothing of each other, attempts that
# are told what the tests said of the one before, and attempts between which the model learns from it.
#
#   scripts/compare-attempts.sh TASKS ADAPTER OUTPUT ATTEMPTS ID...
#
# Prints a row a task; a number is the first attempt whose tests pass, "-" says that none did.
set -euo pipefail

[ $# -ge 5 ] || { echo "usage: $0 TASKS ADAPTER OUTPUT ATTEMPTS ID..." >&2; exit 2; }
mkdir -p "$3"
tasks=$(realpath "$1") adapter=$(realpath "$2") output=$(realpath "$3") attempts=$4
shift 4
cd "$(dirname "${BASH_SOURCE[0]}")/.."
hindsight=.build/release/hindsight

printf '| task | plain | feedback told | adapted |\n|---|---|---|---|\n'
for id in "$@"; do
  repository=$output/$id/repository
  [ -d "$tasks/$id" ] || { echo "$0: there is no task $tasks/$id" >&2; exit 2; }
  rm -rf "${output:?}/$id"
  mkdir -p "$output/$id"
  cp -r "$tasks/$id/environment" "$repository"
  git -C "$repository" init -q
  git -C "$repository" add -A
  git -C "$repository" -c user.name=task -c user.email=task@localhost commit -qm begin
  test=$(sed -n 's/^test_command = "\(.*\)"$/\1/p' "$tasks/$id/task.toml")
  row="| $id "
  for way in plain with-feedback adapt; do
    options=()
    [ $way = plain ] || options=("--$way")
    log=$output/$id/$way.log
    # 1 says that the last attempt was stopped by a limit.
    status=0
    "$hindsight" run --repo "$repository" --issue "$tasks/$id/instruction.md" --test "$test" --adapter "$adapter" \
      --attempts "$attempts" --max-turns 20 --max-tokens 96 --seed 1 --output "$output/$id/$way" "${options[@]}" \
      >"$log" 2>&1 || status=$?
    [ $status -le 1 ] || { cat "$log" >&2; exit $status; }
    row+="| $(sed -n 's/^The tests pass after attempt \([0-9]*\)\.$/\1/p' "$log" | grep . || echo -) "
  done
  echo "$row|"
done
