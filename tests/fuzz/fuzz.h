#pragma once

#include <string_view>

namespace ladder {

// Reads bytes as others may have written them: an experiment file, a table, a checkpoint, a log of runs.
// Whatever they are, it ends, by the program's own exception, with a short message, or by none; it
// aborts the process otherwise.
void fuzz(std::string_view target, std::string_view bytes);

}  // namespace ladder
