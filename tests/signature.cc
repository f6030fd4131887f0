// Prints the signature and nothing else: a small program, soon built for many targets.
#include <iostream>

#include "ladder/lab/bench.h"

int main() {
  for (const std::string& line : ladder::bench_signature()) std::cout << line << "\n";
}
