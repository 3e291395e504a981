#!/bin/sh
# summarise.sh FILE: counts lines by level; exit status 1 if there are errors, 2 if FILE is unreadable.
set -eu

file=${1:?usage: summarise.sh FILE}
[ -r "$file" ] || {
  echo "summarise: cannot read $file" >&2
  exit 2
}

errors=0 warnings=0 infos=0
while read -r level rest; do
  case $level in
    ERROR) errors=$((errors + 1)) ;;
    WARN) warnings=$((warnings + 1)) ;;
    INFO) infos=$((infos + 1)) ;;
  esac
done <"$file"

echo "ERROR $errors"
echo "WARN $warnings"
echo "INFO $infos"
if [ "$errors" -gt 0 ]; then
  echo "summarise: $errors errors in $file" >&2
  exit 1
fi
