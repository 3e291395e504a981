status=0
if [ "$(sh greet.sh 'Ada Lovelace')" = "Hello, Ada Lovelace!" ]; then
  echo "ok 1 - two words"
else
  echo "not ok 1 - two words"
  status=1
fi
if [ "$(sh greet.sh Ada)" = "Hello, Ada!" ]; then
  echo "ok 2 - one word"
else
  echo "not ok 2 - one word"
  status=1
fi
echo 1..2
exit $status
