# Runs the hidden tests from the root of the repository.
. ./hidden/tap.sh
work=build
rm -rf build
mkdir build
trap 'rm -rf build' EXIT
log="$work/the log"

check_files() {
  check "$1" "$(for file in "$log".*; do printf '%s=%s ' "${file##*.}" "$(cat "$file")"; done)" "$2"
}

rotate_times() {
  rm -f "$log".*
  for round in $1; do
    echo "round$round" >"$log"
    sh bin/rotate.sh "$log" "${2:-3}"
  done
}

rotate_times "1"
check_files "one rotation" "1=round1 "
rotate_times "1 2"
check_files "two rotations keep both" "1=round2 2=round1 "
rotate_times "1 2 3 4 5"
check_files "the oldest go first" "1=round5 2=round4 3=round3 "
rotate_times "1 2 3 4 5 6 7" 5
check_files "five are kept when asked for" "1=round7 2=round6 3=round5 4=round4 5=round3 "
rotate_times "1 2 3" 1
check_files "one is kept when asked for" "1=round3 "
rotate_times "1"
sh bin/rotate.sh "$log"
check_files "an empty log is not rotated" "1=round1 "

finish
