// Reads experiment files, with what they include; lab/experiment.h has the grammar.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lab/layers.h"

namespace ladder::lab {

// Takes a line "key = text" whose key is no setting, for programs whose files say more than runs;
// false: it does not know the key either. May throw.
using OtherKeys =
    std::function<bool(const std::string& key, const std::string& text, const std::string& origin)>;

// At least one block. Throws a usage error led by file:line; a failure if the file cannot be read.
std::vector<Block> read_blocks(const std::filesystem::path& path, std::size_t most_values,
                               const OtherKeys& other = nullptr);

}  // namespace ladder::lab
