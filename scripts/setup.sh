#!/bin/sh
# Installs what the build, the sandbox and the tasks need from Debian, and checks the Swift toolchain.
# Run it as often as you like: it installs only what is missing.
set -eu

swift_needed=6.2

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

installed() {
  if command -v dpkg-query >/dev/null 2>&1; then
    status=$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) || return 1
    [ "$status" = installed ]
  else
    case $1 in
      libgit2-dev) pkg-config --exists libgit2 ;;
      libopenblas-dev) pkg-config --exists openblas ;;
      libssl-dev) pkg-config --exists libcrypto ;;
      libdnnl-dev) printf '#include <dnnl.h>\n' | cc -E - ;;
      *) return 1 ;;
    esac >/dev/null 2>&1
  fi
}

# A tool that is on the PATH will do, wherever it came from; a library must be its package.
have() {
  case $1 in
    bubblewrap) command -v bwrap >/dev/null 2>&1 ;;
    python3 | git | make | gcc | pkg-config) command -v "$1" >/dev/null 2>&1 ;;
    python3-pip) python3 -m pip --version >/dev/null 2>&1 || pip3 --version >/dev/null 2>&1 ;;
    *) installed "$1" ;;
  esac
}

list_missing() {
  for package in libgit2-dev libopenblas-dev libssl-dev libdnnl-dev bubblewrap python3 python3-pip \
    python3-pytest git make gcc pkg-config; do
    have "$package" || printf '%s ' "$package"
  done
}

install_packages() {
  # Word splitting is wanted: one argument a package.
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends $missing
}

install_missing() {
  by_hand="sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing% }"
  command -v apt-get >/dev/null 2>&1 ||
    fail "missing: ${missing% }; there is no apt-get here, so install them (Debian's names) by hand."
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
  else
    fail "missing: ${missing% }; installing needs root, so please type: $by_hand"
  fi
  say "installing ${missing% }"
  # The package lists are fetched only if what they say does not lead to the packages.
  if ! install_packages; then
    say "apt-get could not install them with the lists it has; updating the lists"
    $as_root apt-get update -q || fail "apt-get update failed; is the network there?"
    install_packages || fail "apt-get could not install ${missing% }; its own message is above."
  fi
  missing=$(list_missing)
  [ -z "$missing" ] || fail "still missing after the installation: ${missing% }."
}

check_swift() {
  advice="install it as https://www.swift.org/install/linux/ says (swiftly is the quickest way)"
  command -v swift >/dev/null 2>&1 || fail "no swift on the PATH, $swift_needed or later is needed; $advice."
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] || fail "'swift --version' does not answer with a version; $advice."
  oldest=$(printf '%s\n%s\n' "$swift_needed" "$version" | sort -V | head -n 1)
  [ "$oldest" = "$swift_needed" ] ||
    fail "swift is $version, $swift_needed or later is needed; $advice."
}

[ "$(uname -s)" = Linux ] || fail "this is $(uname -s), but the sandbox needs Linux."
missing=$(list_missing)
[ -z "$missing" ] || install_missing
check_swift
say "ready: libraries and tools are installed, Swift is $version."
