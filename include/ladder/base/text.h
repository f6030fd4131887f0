// Text in and out: parsing that accepts all of a word or nothing, and numbers that print the same
// on every platform (no locale, shortest form that reads back to the same value).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ladder {

std::string_view trim(std::string_view text);
// Splits at runs of white space; no empty words.
std::vector<std::string> split_words(std::string_view text);
// Splits at every `separator`; empty parts are kept.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& words, std::string_view separator);

// The whole word as a decimal integer or a finite real number; nothing otherwise.
std::optional<std::int64_t> parse_integer(std::string_view word);
std::optional<int> parse_whole(std::string_view word);  // from 0, as far as an int goes
std::optional<double> parse_real(std::string_view word);

std::string to_text(double value);                // shortest form that reads back exactly
std::string to_text(std::int64_t value);
std::string fixed(double value, int decimals);    // 0.123
// Spaces up to `width` printed characters (of UTF-8).
std::string pad_right(std::string text, std::size_t width);
std::string pad_left(std::string text, std::size_t width);
// Lines of cells; columns two spaces apart, at the left unless right[column]. No spaces at the end
// of a line.
std::string aligned(const std::vector<std::vector<std::string>>& rows,
                    const std::vector<bool>& right = {});

// Input of others, fit to be shown in a message: at most 80 characters and then "...", control
// characters as \xNN.
std::string clipped(std::string_view text);

// "12 MB"
std::string bytes_text(double bytes);

// The candidate closest to `word` by edit distance; empty if none is close enough to be meant.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
// ", did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace ladder
