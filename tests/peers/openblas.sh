#!/bin/sh
# Compares ladder's matrix products with OpenBLAS, one thread each, pair by pair in one process:
#
#   tests/peers/openblas.sh [--repeats N] [--csv FILE]
#
# ARCH=x86-64-v3 compares the AVX2 build (OPENBLAS_CORETYPE=Haswell keeps OpenBLAS to AVX2, too).
# CXX and ARCH are passed on to make. Installs nothing: without OpenBLAS it says so and stops.
set -eu
cd "$(dirname "$0")/../.."

CXX=${CXX:-g++}
ARCH=${ARCH:-native}
build=build
[ "$ARCH" = native ] || build=build/$ARCH
objects=$build/peers
mkdir -p "$objects"

if ! echo '#include <cblas.h>' | "$CXX" -x c++ -fsyntax-only - 2> "$objects/cblas.log"; then
  echo "openblas.sh: skipped, there is no cblas.h (Debian: apt-get install libopenblas-dev)"
  exit 0
fi

ladder=ladder
[ "$ARCH" = native ] || ladder=$build/ladder
make -s CXX="$CXX" ARCH="$ARCH" BUILD="$build" LADDER="$ladder"
# ladder's own objects, as they are in the program
"$CXX" -std=c++20 -O3 -march="$ARCH" -Wall -Wextra -fopenmp -Iinclude -Isrc -Isrc/lab \
  tests/peers/openblas_gemm.cc \
  $(find src -name '*.cpp' ! -name main.cpp | sed "s|^|$build/|; s|cpp$|o|") \
  -lopenblas -o "$objects/openblas_gemm"
OPENBLAS_NUM_THREADS=1 exec "$objects/openblas_gemm" "$@"
