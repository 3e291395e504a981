#!/bin/sh
# expand.sh TEMPLATE VALUES: replaces {{name}} and {{name|default}}; see README.md.
set -eu

[ $# -eq 2 ] || {
  echo "usage: expand.sh TEMPLATE VALUES" >&2
  exit 2
}

exec awk -f "$(dirname "$0")/expand.awk" values="$2" "$1"
