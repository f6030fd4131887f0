#include "ladder/nn/score.h"

namespace ladder::nn {

static const RegisteredKind<Score> kind({
    .choice = Setting::choice("", "ea", {}, "attention score", "the question of this program"),
    .always = false,
    .rule = "weight of z = query.key",
});

}  // namespace ladder::nn
