#!/bin/sh
# backup.sh FOLDER FILE...: copies each FILE to FOLDER/NAME.bak, never over an older copy.
set -eu

[ $# -ge 2 ] && {
  echo "usage: backup.sh FOLDER FILE..." >&2
  exit 2
}
folder=$1
shift
mkdir -p "$folder"

for file in "$@"; do
  name=$(basename "$file")
  copy=$name.bak
  number=2
  while [ -e "$folder/$copy" ]; do
    copy=$name.bak$number
    number=$((number + 1))
  done
  cp "$file" "$folder/$copy"
  echo "$copy"
done
