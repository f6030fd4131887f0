// Nothing that is typed is silently ignored, and nothing that somebody has is silently replaced.
#include "command_line.h"

namespace ladder::command_line {
namespace {

// ---- what is typed ----

TEST_CASE("cli: a contestant of several words behind --contestant is one") {
  expect("bench --contestant 'ea window,dpa ea' --shapes X", 2, {"contestant 'dpa ea' has two of kind score"});
}

}  // namespace
}  // namespace ladder::command_line
