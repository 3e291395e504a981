#!/bin/sh
# rotate.sh FILE [KEEP]: FILE -> FILE.1 -> FILE.2 ..., at most KEEP old files (3).
set -eu

file=${1:?usage: rotate.sh FILE [KEEP]}
keep=${2:-3}

[ -f "$file" ] || {
  echo "rotate: no such file: $file" >&2
  exit 1
}
[ -s "$file" ] || exit 0

number=$keep
while [ "$number" -gt 1 ]; do
  older=$((number - 1))
  [ ! -f "$file.$older" ] || mv "$file.$older" "$file.$number"
  number=$older
done
mv "$file" "$file.1"
: >"$file"
