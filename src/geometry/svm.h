// Heads as support-vector machines: does what training made of a head point to the matrix that selects
// the same keys with the largest margin? The theory is about one layer of softmax whose query and key
// alone are trained; for everything else this is a description.
//
//   z_ij = x_jᵀ W (x_i, 1) + (a number for all j),  W = scale · W_keyᵀ [W_query, b_query], x what the
//   mixer reads. Chosen: the key that gets most attention. Constraints: (x_chosen - x_j)ᵀ W (x_i, 1) > 0
//   for the other legal keys j of query i; keys equal to the chosen one are left out.
//
// With a score that goes by |z| (ea), the z of a query whose chosen key has z < 0 are turned around.
#pragma once

#include <string>
#include <vector>

#include "geometry/margin.h"
#include "ladder/base/settings.h"
#include "ladder/nn/transformer.h"

namespace ladder::geometry {

using namespace nn;

// NaN: not known, as for all that is about W* where no W separates.
struct HeadMargin {
  std::string checkpoint, contestant;
  int layer, head, queries, constraints;
  bool by_size;                    // |z| tells the chosen key from the others better than z
  double attention;                // mean |p| of the chosen keys
  double satisfied;                // share of constraints with uᵀWz > 0
  double norm, untrained_norm;     // ‖W‖_F
  double margin, best_margin;      // min uᵀWz/‖W‖_F, of this W and of W*
  double correlation, untrained_correlation, random_correlation;  // with W*
  double stable_rank, nuclear;     // ‖W‖_F²/σ₁², ‖W‖_*/‖W‖_F
  double best_stable_rank;         // of W*
  MaximumMargin solution;
};

struct Margins {
  std::vector<HeadMargin> heads;
  std::vector<std::string> left_out;  // layers without query·key: "layer 1 (abc)"
};

// On `queries` query rows with a target and two keys or more, spread over the held-out sequences.
// `untrained`: the same model before training. Settings must be resolved. Throws a usage error for a
// position (rope, alibi) with which z is no such form.
Margins measure_margins(const std::string& name, const Settings& settings, Parameters<float>& parameters,
                        const Parameters<float>& untrained, int queries);

std::string margins_csv(const std::vector<Margins>& models);      // a row a head
std::string margins_summary(const std::vector<Margins>& models);  // and what its columns mean

}  // namespace ladder::geometry
