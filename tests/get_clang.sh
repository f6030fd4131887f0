#!/bin/sh
# get_clang.sh: makes sure that clang++ is there with its sanitizers, libFuzzer and OpenMP, and
# clang-tidy: for the tools (make fuzz, race, tidy), which the program itself does not need.
set -u

works() {
  echo 'int main() {}' | clang++ -fopenmp -fsanitize=thread -x c++ - -o /dev/null 2>/dev/null &&
    command -v clang-tidy >/dev/null
}

works && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update >/dev/null 2>&1
  apt-get install -y clang clang-tidy libomp-dev libclang-rt-14-dev >/dev/null 2>&1
fi
works && exit 0
echo "this needs clang++, clang-tidy, libomp and compiler-rt: on Debian, apt-get install clang clang-tidy libomp-dev libclang-rt-14-dev" >&2
exit 1
