// Prints the signature and nothing else: a small program, soon built for many targets.
#include <iostream>

#include "lab/bench.h"

int main() {
  for (const std::string& line : ladder::lab::bench_signature()) std::cout << line << "\n";
}
