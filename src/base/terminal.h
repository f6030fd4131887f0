// Text for people who sit before a terminal: as wide as it is, with colour where it is wanted, and a
// line that is drawn again and again. To a pipe or a file goes plain text.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace ladder {

// Columns of the terminal behind the descriptor (STDOUT_FILENO, ...), asked anew each time; 0: it is
// none.
std::size_t terminal_width(int descriptor);

enum class Colour { good, bad, faint };
// In colour on a terminal, unless NO_COLOR is set or TERM is dumb. Colour only repeats what words say.
std::string coloured(std::string text, Colour colour, int descriptor);

// At most so many characters, the last one an ellipsis if anything was cut.
std::string cut(std::string_view text, std::size_t width);
// Broken between words into lines of at most `width`; all but the first indented.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);
// "NAME      text", the name padded to `column` characters and the text broken beside it.
std::string hanging(std::string_view name, std::size_t column, std::string_view text, std::size_t width);
// Like aligned(); where a line would be wider than `width` (0: never), the columns that do not fit go
// into further tables below, each with the first `keys` columns.
std::string folded(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right,
                   std::size_t keys, std::size_t width);

std::string duration_text(double seconds);  // "42 s", "3 min 7 s", "2 h 10 min"

// The last line of a terminal, which is drawn again; others may be said above it. Never wider than the
// terminal. Where there is none, shows nothing and says all.
class LiveLine {
 public:
  LiveLine(std::ostream& out, int descriptor, bool terminal)
      : out_(out), descriptor_(descriptor), terminal_(terminal) {}
  void show(const std::string& text);
  void say(const std::string& line);  // stays
  void clear();

 private:
  std::string erased();
  std::ostream& out_;
  const int descriptor_;
  const bool terminal_;
  std::string text_;
  std::size_t shown_ = 0;  // characters on the line now
};

}  // namespace ladder
