#!/bin/sh
# stem.sh PATH: the name without folders and without the last extension; .profile stays as it is.
set -eu

name=$(basename "${1:?usage: stem.sh PATH}")
case $name in
  ?*.*) printf '%s\n' "${name%.*}" ;;
  *) printf '%s\n' "$name" ;;
esac
