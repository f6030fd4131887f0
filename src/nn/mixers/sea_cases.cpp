// sea's last step and its estimator's loss, plainly.
#include <cmath>

#include "nn/mixers/plain.h"

namespace ladder::nn {

std::vector<std::vector<bool>> plain::sea_kept(const Numbers& scores, int heads, int width, int top_k,
                                               int visible) {
  std::vector<std::pair<double, int>> all;  // -share, column
  for (int h = 0; h < heads; ++h) {
    double sum = 0;
    for (int c = 0; c < width; ++c) sum += std::exp(scores[h * width + c]);
    for (int c = 0; c < width; ++c) all.push_back({-std::exp(scores[h * width + c]) / sum, h * width + c});
  }
  std::sort(all.begin(), all.end());
  const long count = std::max(1L, std::lround(static_cast<double>(heads) * top_k * width / visible));
  std::vector<std::vector<bool>> kept(heads, std::vector<bool>(width));
  for (long i = 0; i < count && i < static_cast<long>(all.size()); ++i)
    kept[all[i].second / width][all[i].second % width] = true;
  return kept;
}

plain::Numbers plain::sea_attention(int context, const Numbers& q, const Numbers& k, const Numbers& scores,
                                    const Numbers& gates, int top_k) {
  const int n = context, e = static_cast<int>(q.size()) / n, width = static_cast<int>(scores.size()) / n;
  Numbers map(n * n);
  for (int i = 0; i < n; ++i) {
    const double* row = scores.data() + i * width;
    const auto kept = sea_kept({row, row + width}, 1, width, top_k, i + 1);
    const double a = 1 / (1 + std::exp(-gates[2 * i])), b = 1 / (1 + std::exp(-gates[2 * i + 1]));
    double sum = 0;
    Numbers p(n);
    for (int j = 0; j <= i; ++j) {
      if (!kept[0][std::max(0.0, std::floor((j + 0.5) * width / (i + 1) - 1e-4))]) continue;
      sum += p[j] = std::exp(product(q, i, k, j, e) / std::sqrt(e));
    }
    for (int j = 0; j <= i; ++j) map[i * n + j] = (sum > 0 ? a * b * p[j] / sum : 0) + (1 - b) / (i + 1);
  }
  return map;
}

static const Registered<OperationCase> attention_case(mixture_case(
    {.name = "sea_attention",  // the scores are constants: what they choose is, too
     .sizes = {2, 1, 19, 3, 3},
     .timed = {32, 1, 128, 32, 32},
     .more = [](const Sizes& n) {
       return CaseInputs{{n[0] * n[2], n[1] * 8, 1, false}, {n[0] * n[2], n[1] * 2}};
     },
     .map = [](int context, const auto& in) {
       return plain::sea_attention(context, in[0], in[1], in[2], in[3], 2);
     }},
    [](auto& graph, const auto& in, Cut cut) {
      return sea_attention(graph, in[0], in[1], in[2], in[3], in[4], cut, 2).mixed.out;
    }));

// Sizes: batch, heads, context, head size, width. Query and key count as constants.
static const Registered<OperationCase> distillation_case(operation_case(
    {.name = "sea_distillation",
     .sizes = {2, 2, 19, 3, 8},
     .timed = {8, 4, 128, 32, 32},
     .inputs = [](const Sizes& n) {
       const int rows = n[0] * n[2], d = n[1] * n[3];
       return CaseInputs{{rows, d, 1, false}, {rows, d, 1, false}, {rows, n[1] * n[4]}};
     },
     .plain = [](const Matrices& in, const Sizes& n) {
       const int context = n[2], e = n[3], width = n[4];
       Matrix loss(1, 1);
       for (int b = 0; b < n[0]; ++b)
         for (int h = 0; h < n[1]; ++h)
           for (int i = 0; i < context; ++i) {
             double za = 0, zu = 0;
             std::vector<double> a(i + 1), u(i + 1);  // dense attention; the estimate
             for (int j = 0; j <= i; ++j) {
               double z = 0;
               for (int c = 0; c < e; ++c) z += in[0](b * context + i, h * e + c) * in[1](b * context + j, h * e + c);
               za += a[j] = std::exp(z / std::sqrt(e));
               zu += u[j] = std::exp(in[2](b * context + i, h * width + sea_column(j, width, i + 1)));
             }
             for (int j = 0; j <= i; ++j) {
               a[j] /= za, u[j] /= zu;
               loss(0, 0) += 0.1 * a[j] * std::log(a[j] / u[j]) + (u[j] - a[j]) * (u[j] - a[j]) / (i + 1);
             }
           }
       loss(0, 0) *= 0.7 / (n[0] * n[1] * context);
       return Matrices{loss};
     }},
    [](auto& graph, const auto& in, const Sizes& n) {
      return sea_distillation(graph, in[0], in[1], in[2], {n[0], n[1]}, 0.7);
    }));

}  // namespace ladder::nn
