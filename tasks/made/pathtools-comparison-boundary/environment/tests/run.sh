# Runs the visible tests; call it from the root of the repository.
. ./tests/tap.sh
work=build
rm -rf build
mkdir build
trap 'rm -rf build' EXIT
echo plain >"$work/plain.txt"
echo spaced >"$work/my notes.txt"

check "copies a file" "$(sh bin/backup.sh "$work/a" "$work/plain.txt")" "plain.txt.bak"
check "the copy has the contents" "$(cat "$work/a/plain.txt.bak")" "plain"
check "never writes over a copy" "$(sh bin/backup.sh "$work/a" "$work/plain.txt")" "plain.txt.bak2"
check "copies a file with a space in its name" \
  "$(sh bin/backup.sh "$work/b" "$work/my notes.txt" 2>&1)" "my notes.txt.bak"
sh bin/backup.sh "$work/a" 2>/dev/null
check "asks for a file" "$?" "2"

check "stem of a path" "$(sh bin/stem.sh /tmp/report.pdf)" "report"
check "stem loses only the last extension" "$(sh bin/stem.sh a.tar.gz)" "a.tar"
check "stem of a dot file" "$(sh bin/stem.sh .profile)" ".profile"

finish
