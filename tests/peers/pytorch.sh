#!/bin/sh
# Compares ladder's whole training steps, and forwards at contexts 512 to 4096, with PyTorch's (eager),
# pair by pair in turn: both pinned to one core, with one thread; then, in rows of their own, to two.
#
#   [CORES="1 2"] tests/peers/pytorch.sh [--shapes S,M,L,forward] [--score dpa,ea] [--pairs N] [--csv FILE]
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
for cores in ${CORES:-1 2}; do
  # Whatever libraries PyTorch computes with, they use so many threads and no more.
  OMP_NUM_THREADS=$cores OPENBLAS_NUM_THREADS=$cores MKL_NUM_THREADS=$cores \
    taskset -c "0-$((cores - 1))" "$PYTHON" tests/peers/pytorch_step.py --ladder "./$ladder" --cores "$cores" "$@"
done
