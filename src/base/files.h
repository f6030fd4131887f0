// Files, whole: read at once, replaced at once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ladder {

// The file's bytes. Throws a failure that names the path and the reason.
std::string read_file(const std::filesystem::path& path);

// Replaces the file by writing a temporary one beside it and renaming it: a reader sees the old
// content or the new, never a part. Throws a failure.
void write_file(const std::filesystem::path& path, std::string_view content);

// "quick" of data/quick and of data/quick/.
std::string last_name(const std::filesystem::path& directory);

// Makes the directory if need be and proves that a file can be written there. Throws a failure.
void require_writable(const std::filesystem::path& directory);

}  // namespace ladder
