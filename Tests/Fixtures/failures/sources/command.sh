set -eu
echo start
frobnicate --all
