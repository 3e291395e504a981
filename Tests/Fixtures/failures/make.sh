#!/bin/bash
# Makes the texts beside this script by running the tools on sources/. Needs python3 (3.11, and 3.8
# and 3.13 as pyenv names them), pytest, gcc, clang, make, dash, perl's prove and node.
#
# The repository's path becomes /workspace, the sandbox's, Python's own becomes /usr, and process
# ids become 4242. Nothing else is changed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/sources/." "$work"
cd "$work"
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 LC_ALL=C.UTF-8 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
ulimit -c 0

# save NAME COMMAND…: what the command prints, to NAME.txt.
save() {
  local name=$1
  shift
  "$@" >"$work/.out" 2>&1 </dev/null
  echo "$name: exit code $?"
  sed -E -e "s#$work#/workspace#g; s#==[0-9]+==#==4242==#g; s#line 1: +[0-9]+ #line 1: 4242 #" \
    -e "s#/[^ \"]*/lib/python3#/usr/lib/python3#g" \
    "$work/.out" >"$here/$name.txt"
}
# The same, by a shell of its own, which tells of a signal.
shell() { local name=$1; shift; save "$name" bash -c "$1; exit \$?"; }

python=$(command -v python3)
save unittest $python -m unittest -v test_calc
for version in 3.8 3.13; do
  save unittest-$version env PYENV_VERSION=$(pyenv versions --bare | grep "^$version\." | tail -1) \
    python3 -m unittest -v test_calc
done
save unittest-deep $python -m unittest -v test_deep
save unittest-module $python -m unittest -v test_module
save unittest-import $python -m unittest -v test_import
save unittest-syntax $python -m unittest -v test_syntax
save unittest-doctest $python -m unittest -v test_doc
save unittest-timeout timeout -s KILL 2 $python -u -m unittest -v test_slow
save unittest-crash $python -X faulthandler -m unittest -v test_crash
save unittest-noise $python -m unittest -v test_noise
save pytest $python -m pytest -rA -p no:cacheprovider test_pytest.py
save pytest-short $python -m pytest -rA --tb=short -p no:cacheprovider test_pytest.py
save pytest-color $python -m pytest -rA --color=yes -p no:cacheprovider test_pytest.py
save pytest-deep $python -m pytest -rA -p no:cacheprovider test_deep.py
save pytest-import $python -m pytest -rA -p no:cacheprovider test_import.py
save pytest-syntax $python -m pytest -rA -p no:cacheprovider test_syntax.py
save pytest-doctest $python -m pytest -rA --doctest-modules -p no:cacheprovider calc.py
save doctest $python -m doctest calc.py
save script $python script.py
save status $python status.py
save compile $python -m py_compile broken.py

save tap-perl perl t/calc.t
save prove prove t/calc.t
save prove-dies prove t/dies.t
save tap-dies perl t/dies.t
save tap-node node --test --test-reporter=tap test_add.js
save tap-shell sh checks.sh
gcc -o checks checks.c
save tap-c ./checks

save gcc gcc -c syntax.c
save gcc-color gcc -fdiagnostics-color=always -c syntax.c
save gcc-header gcc -c header.c
save gcc-warning gcc -Wall -Wextra -Werror -O2 -c warning.c
save clang clang -c syntax.c
save ld gcc link.c
save make make -f Makefile.syntax
save make-missing make -f Makefile.missing
gcc -g -o plain memory.c
gcc -g -fsanitize=address,undefined -fno-omit-frame-pointer -o checked memory.c
gcc -g -fsanitize=undefined -fno-sanitize-recover=all -o undefined memory.c
for mode in overflow freed null leak undefined; do save sanitizer-$mode ./checked $mode; done
save sanitizer-fatal ./undefined undefined
save c-assert ./plain assert
shell c-segfault './plain null'
shell c-abort './plain abort'
save c-status ./plain status
save c-timeout timeout 1 ./plain loop
save dash-syntax dash syntax.sh
save bash-syntax bash syntax.sh
save bash-command bash command.sh
