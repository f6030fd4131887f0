#!/bin/sh
# Compares ladder's whole training steps with PyTorch's (eager), pair by pair in turn:
#
#   tests/peers/pytorch.sh [--shapes S,M,L] [--score dpa,ea] [--pairs N] [--csv FILE]
#
# PYTHON is the interpreter that has torch (default /usr/bin/python3, for Debian's package); ARCH
# and CXX are passed on to make. Installs nothing: without PyTorch it says so and stops.
set -eu
cd "$(dirname "$0")/../.."

PYTHON=${PYTHON:-/usr/bin/python3}
if ! "$PYTHON" -c 'import torch' 2> /dev/null; then
  echo "pytorch.sh: skipped, $PYTHON has no torch (Debian: apt-get install python3-torch)"
  exit 0
fi

ARCH=${ARCH:-native}
build=build ladder=ladder
[ "$ARCH" = native ] || build=build/$ARCH ladder=build/$ARCH/ladder
make -s CXX="${CXX:-g++}" ARCH="$ARCH" BUILD="$build" LADDER="$ladder"
exec "$PYTHON" tests/peers/pytorch_step.py --ladder "./$ladder" "$@"
