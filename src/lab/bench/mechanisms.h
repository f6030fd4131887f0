// What the bench's part `mechanisms` measures memory on: a process of one mechanism.
#pragma once

#include <iosfwd>
#include <string>

namespace ladder::lab {

// Two steps and no more. `name`: "4096:dpa window". Throws a usage error for a name that is none.
bool is_mechanism_probe(const std::string& name);
void mechanism_probe(const std::string& name, std::ostream& out);

}  // namespace ladder::lab
