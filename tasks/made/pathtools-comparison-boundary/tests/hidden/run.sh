# Runs the hidden tests from the root of the repository.
. ./hidden/tap.sh
work=build
rm -rf build
mkdir build
trap 'rm -rf build' EXIT
mkdir "$work/in folder"
echo one >"$work/in folder/one.txt"
echo two >"$work/two  spaces.txt"
echo star >"$work/*.txt"
echo flat >"$work/flat.txt"

check "a folder with a space" \
  "$(sh bin/backup.sh "$work/a" "$work/in folder/one.txt" 2>&1)" "one.txt.bak"
check "two spaces in a row" \
  "$(sh bin/backup.sh "$work/b" "$work/two  spaces.txt" 2>&1; cat "$work/b/two  spaces.txt.bak")" \
  "two  spaces.txt.bak
two"
check "a star in the name" "$(sh bin/backup.sh "$work/c" "$work/*.txt" 2>&1)" "*.txt.bak"
check "a name with a space twice" \
  "$(sh bin/backup.sh "$work/d" "$work/two  spaces.txt" "$work/two  spaces.txt" 2>&1)" \
  "two  spaces.txt.bak
two  spaces.txt.bak2"

check "several plain names" \
  "$(sh bin/backup.sh "$work/e" "$work/flat.txt" "$work/flat.txt" "$work/flat.txt")" "flat.txt.bak
flat.txt.bak2
flat.txt.bak3"
check "a target folder with a space" "$(sh bin/backup.sh "$work/f g" "$work/flat.txt"; ls "$work/f g")" \
  "flat.txt.bak
flat.txt.bak"
sh bin/backup.sh "$work/h" "$work/none" >/dev/null 2>&1
check "a file that is not there is an error" "$([ $? -ne 0 ] && echo error)" "error"
check "stem with spaces" "$(sh bin/stem.sh "/tmp/my file.old.txt")" "my file.old"

finish
