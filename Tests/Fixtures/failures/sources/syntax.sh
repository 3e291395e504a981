set -e
if true; then
  echo one
}
