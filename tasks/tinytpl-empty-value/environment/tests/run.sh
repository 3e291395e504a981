# Runs the visible tests; call it from the root of the repository.
. ./tests/tap.sh
work=build
rm -rf build
mkdir build
trap 'rm -rf build' EXIT

expand() {
  printf '%s\n' "$1" >"$work/template"
  sh bin/expand.sh "$work/template" "$work/values" 2>&1
}

printf 'name=Ada\nnote=\nsum=1+1=2\n' >"$work/values"
check "replaces a name" "$(expand 'Dear {{name}},')" "Dear Ada,"
check "replaces several on a line" "$(expand '{{name}} {{name}}!')" "Ada Ada!"
check "keeps an equals sign in a value" "$(expand '{{sum}}')" "1+1=2"
check "takes the default of an unknown name" "$(expand 'in {{city|London}}')" "in London"
check "prefers the value to the default" "$(expand '{{name|nobody}}')" "Ada"
check "an empty value is a value" "$(expand '[{{note|none}}]')" "[]"
expand '{{unknown}}' >/dev/null
check "fails for an unknown name" "$?" "1"

finish
