#!/usr/bin/env bash
# Are the results the same bits on other processors and with other compilers? Builds the signature for
# each target, runs it, and compares it with tests/signatures.txt:
#
#   tests/signatures.sh              native, x86-64-v3 and v4 (-O1, soon built), -O0, clang++
#   tests/signatures.sh portable     these, x86-64-v2 (libm's fma), and aarch64 under qemu
#
# Targets that this machine cannot build or run are left out, with a word why. Compilers that are
# missing are installed where that is possible (Debian, as root).
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build}
failed=0

# Of target g++-O0; .ci/run makes its build of the whole program from the same objects.
o0_flags='-O0 -D_GLIBCXX_ASSERTIONS -flto=auto -Werror=odr'
if [ "${1:-}" = o0-flags ]; then echo "$o0_flags"; exit; fi

# have COMMAND PACKAGE...: COMMAND succeeds, if need be after installing the packages.
have() {
  local check=$1
  shift
  if eval "$check" >/dev/null 2>&1; then return; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get install -y --no-install-recommends "$@" ||
      { apt-get update && apt-get install -y --no-install-recommends "$@"; }; } >/dev/null 2>&1 || true
  fi
  eval "$check" >/dev/null 2>&1
}

# The lines of a signature that tests/signatures.txt has, too: nobody can compare those of a new plug-in.
known() { grep -F -f <(cut -d' ' -f1,2 tests/signatures.txt | sed 's/$/ /') "$1"; }

row() { printf '%-12s %6s %6s  %s\n' "$@"; }

# compare NAME RUNNER MAKE-ARGUMENT...
compare() {
  local name=$1 runner=$2 directory=$build/signature-$1
  shift 2
  [ "$name" = native ] && directory=$build
  mkdir -p "$directory"
  local start=$SECONDS
  if ! make "$directory/signature" BUILD="$directory" "$@" >"$directory/signature.log" 2>&1; then
    tail -n 20 "$directory/signature.log"
    row "$name" - - "does not build"
    failed=1
    return
  fi
  local built=$((SECONDS - start)) verdict=same
  start=$SECONDS
  if ! $runner "$directory/signature" >"$directory/signature.txt"; then
    verdict="does not run"
    failed=1
  elif ! diff tests/signatures.txt <(known "$directory/signature.txt"); then
    verdict="differs (<: tests/signatures.txt)"
    failed=1
  fi
  row "$name" "$built" "$((SECONDS - start))" "$verdict"
}

row target built run signature
row '' s s ''
compare native ''
case $(uname -m) in
  x86_64)
    compare x86-64-v3 '' ARCH=x86-64-v3
    if grep -q avx512vl /proc/cpuinfo; then compare x86-64-v4 '' ARCH=x86-64-v4 CXXFLAGS=-O1
    else row x86-64-v4 - - "left out: this processor is older"; fi ;;
esac
compare g++-O0 '' CXXFLAGS="$o0_flags"
if have "echo 'int main() {}' | clang++ -fopenmp -x c++ - -o /dev/null" clang libomp-dev; then
  compare clang++ '' CXX=clang++
else
  row clang++ - - "left out: needs Debian's packages clang and libomp-dev"
fi
if [ "${1:-}" = portable ]; then
  [ "$(uname -m)" = x86_64 ] && compare x86-64-v2 '' ARCH=x86-64-v2
  if have 'command -v aarch64-linux-gnu-g++ && command -v qemu-aarch64' g++-aarch64-linux-gnu qemu-user; then
    compare aarch64 qemu-aarch64 CXX=aarch64-linux-gnu-g++ ARCH=armv8-a CXXFLAGS='-O3 -static'
  else
    row aarch64 - - "left out: needs Debian's packages g++-aarch64-linux-gnu and qemu-user"
  fi
fi
exit $failed
