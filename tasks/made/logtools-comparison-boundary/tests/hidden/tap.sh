# A tiny TAP test harness: check NAME GOT EXPECTED, at the end `finish`.
count=0
failures=0

check() {
  count=$((count + 1))
  if [ "$2" = "$3" ]; then
    printf 'ok %d - %s\n' "$count" "$1"
  else
    failures=$((failures + 1))
    printf 'not ok %d - %s\n' "$count" "$1"
    printf 'got:\n%s\nexpected:\n%s\n' "$2" "$3" | sed 's/^/# /'
  fi
}

finish() {
  printf '1..%d\n' "$count"
  [ "$failures" -eq 0 ]
}
