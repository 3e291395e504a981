# Runs the hidden tests from the root of the repository.
. ./hidden/tap.sh
work=build
rm -rf build
mkdir build
trap 'rm -rf build' EXIT
log="$work/the log"

check_status() {
  sh bin/summarise.sh "$log" >"$work/out" 2>"$work/err"
  check "$1" "$?" "$2"
}

printf 'ERROR only one\n' >"$log"
check_status "one error gives 1" "1"
check "errors are told on standard error" "$(wc -l <"$work/err" | tr -d ' ')" "1"

{
  echo "INFO a"
  yes "ERROR b" | head -n 300
} >"$log"
check_status "three hundred errors give 1" "1"
check "three hundred errors are counted" "$(head -n 1 "$work/out")" "ERROR 300"

printf 'WARN hot\nWARN hotter\nINFO ERROR in the text\n' >"$log"
check_status "warnings give 0" "0"
check "warnings are counted" "$(sed -n 2p "$work/out")" "WARN 2"

: >"$log"
check_status "an empty log gives 0" "0"
rm "$log"
check_status "no log gives 2" "2"

finish
