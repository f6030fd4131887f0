#!/bin/sh
# get_doctest.sh COMPILER DIRECTORY: makes sure that <doctest/doctest.h> can be included, either from
# the system or from DIRECTORY/usr/include. Tries, in turn: what is there; the package manager, as
# root; Debian's package, downloaded and unpacked into DIRECTORY, which needs no root.
set -u
compiler=$1 directory=$2

found() {
  echo '#include <doctest/doctest.h>' |
    $compiler -std=c++20 -isystem "$directory/usr/include" -x c++ -fsyntax-only - 2>/dev/null
}

found && exit 0
echo "doctest is missing: getting Debian's package doctest-dev" >&2
if command -v apt-get >/dev/null; then
  if [ "$(id -u)" = 0 ]; then
    { apt-get install -y doctest-dev || { apt-get update && apt-get install -y doctest-dev; }; } \
      >"$directory/apt.log" 2>&1
    found && exit 0
  fi
  if command -v dpkg-deb >/dev/null; then
    (cd "$directory" && apt-get download doctest-dev && dpkg-deb -x doctest-dev_*.deb .) \
      >>"$directory/apt.log" 2>&1
    found && exit 0
  fi
fi
echo "cannot get doctest: install it (on Debian: apt-get install doctest-dev) and try again" >&2
exit 1
