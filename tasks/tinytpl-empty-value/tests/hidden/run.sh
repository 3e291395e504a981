# Runs the hidden tests from the root of the repository.
. ./hidden/tap.sh
work=build
rm -rf build
mkdir build
trap 'rm -rf build' EXIT

expand() {
  printf '%s\n' "$1" >"$work/template"
  sh bin/expand.sh "$work/template" "$work/values" 2>&1
}

printf 'suffix=\nport=0\nuser=root\npath=/a/b&c\\d\n' >"$work/values"
check "an empty suffix is kept empty" "$(expand 'file{{suffix|.txt}}')" "file"
check "an empty value needs no default" "$(expand '<{{suffix}}>')" "<>"
expand '{{user}}{{suffix}}' >/dev/null
check "an empty value is no error" "$?" "0"

check "zero is a value" "$(expand '{{port|80}}')" "0"
check "the default of an unknown name" "$(expand '{{host|local host}}:{{port}}')" "local host:0"
check "an empty default" "$(expand 'a{{host|}}b')" "ab"
check "special characters in a value" "$(expand '{{path}}')" '/a/b&c\d'
check "an unknown name is named" "$(expand '{{nobody}}' | head -n 1)" "expand: no value for nobody"

finish
