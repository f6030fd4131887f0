// What the processes behind memory_mb of the bench's part `mechanisms` do.
#pragma once

#include <iosfwd>
#include <string>

namespace ladder::lab {

// Two steps and no more, the first told on `out`. `name`: "4096:dpa window", a context and a contestant.
// Throws a usage error for a name that is none.
bool is_mechanism_probe(const std::string& name);
void mechanism_probe(const std::string& name, std::ostream& out);

}  // namespace ladder::lab
