[ "$(sh greet.sh Ada)" = "Hello, Ada!" ] && echo "ok 1 - one name" || echo "not ok 1 - one name"
echo 1..1
