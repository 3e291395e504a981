# Runs the visible tests; call it from the root of the repository.
. ./tests/tap.sh
work=build
rm -rf build
mkdir build
trap 'rm -rf build' EXIT
log=$work/app.log

echo one >"$log"
sh bin/rotate.sh "$log"
check "rotate moves the log aside" "$(cat "$log.1")" "one"
check "rotate leaves an empty log" "$(wc -c <"$log" | tr -d ' ')" "0"

echo two >"$log"
sh bin/rotate.sh "$log"
echo three >"$log"
sh bin/rotate.sh "$log"
check "three rotations keep three files" "$(cat "$log.1" "$log.2" "$log.3" 2>/dev/null)" "three
two
one"

sh bin/rotate.sh "$work/none" 2>/dev/null
check "rotate fails without a log" "$?" "1"

printf 'INFO start\nERROR disk full\nWARN slow\nERROR again\n' >"$log"
check "summarise counts levels" "$(sh bin/summarise.sh "$log" 2>/dev/null)" "ERROR 2
WARN 1
INFO 1"
sh bin/summarise.sh "$log" >/dev/null 2>&1
check "summarise exits with 1 when there are errors" "$?" "1"

printf 'INFO start\n' >"$log"
sh bin/summarise.sh "$log" >/dev/null 2>&1
check "summarise exits with 0 when all is well" "$?" "0"
sh bin/summarise.sh "$work/none" 2>/dev/null
check "summarise exits with 2 without a file" "$?" "2"

finish
