#!/usr/bin/env bash
# Measures this project beside PyTorch (with transformers and PEFT) and llama.cpp at the same work
# on this machine, and prints a Markdown table; the figures go to .build/anchors/compare.json too.
#
#   Benchmarks/compare.sh [--rounds N] [--only prefill decode-1 decode-8 decode-32 lora full sdpo sdpo-group step]
#
# Everything the anchors need is installed from PyPI into a virtual environment in .build/anchors
# (about 2 GB of disk, 8 GB with PyPI's CUDA build of PyTorch) and their models are made from the
# default one there. The whole comparison takes about an hour; nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "compare: $*" >&2; exit 1; }

anchors=.build/anchors
python=$anchors/venv/bin/python
model=models/SmolLM2-135M-Instruct.Q4_1.gguf
log=$anchors/install.log
mkdir -p "$anchors"

[ -f "$model" ] || fail "$model is missing: run \`make model\` first."
command -v python3 >/dev/null || fail "python3 is missing: install it (with python3-venv) first."
command -v c++ >/dev/null || fail "a C++ compiler is missing, which llama.cpp is built with."
command -v swift >/dev/null || fail "swift is missing: \`make setup\` says how to get it."

# The versions that the README's table was made with.
requirements=Benchmarks/anchors/requirements.txt
stamp=$anchors/installed.txt
if ! cmp -s "$requirements" "$stamp"; then
  echo "compare: installing PyTorch and building llama.cpp; this takes some minutes ($log)" >&2
  python3 -m venv "$anchors/venv" >"$log" 2>&1 \
    || fail "no virtual environment could be made: install python3-venv; see $log."
  # GGML_NATIVE compiles for this processor: with AVX512_BF16 where it has that.
  CMAKE_ARGS="-DGGML_NATIVE=ON" CMAKE_BUILD_PARALLEL_LEVEL=$(nproc) \
    "$python" -m pip install --disable-pip-version-check -r "$requirements" >>"$log" 2>&1 \
    || fail "pip could not install $requirements; the end of $log says why."
  cp "$requirements" "$stamp"
fi

"$python" Benchmarks/anchors/models.py "$model" "$anchors/models" >"$anchors/models.log" 2>&1 \
  || fail "the anchors' models could not be made; the end of $anchors/models.log says why."
swift build -c release --product hindsight >&2 || fail "hindsight does not build."

exec "$python" Benchmarks/anchors/compare.py "$@"
