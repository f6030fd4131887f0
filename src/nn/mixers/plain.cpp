#include "nn/mixers/plain.h"

namespace ladder::nn {

// Rows of sequence b, columns of head h.
static plain::Numbers head_of(const Matrix& x, const Sizes& n, int b, int h) {
  plain::Numbers part;
  const int cols = x.cols / n[1];
  for (int t = 0; t < n[2]; ++t)
    for (int c = 0; c < cols; ++c) part.push_back(x(b * n[2] + t, h * cols + c));
  return part;
}

OperationCase mixture_card(const MixtureCase& mixture) {
  return {.name = mixture.name,
          .sizes = mixture.sizes,
          .timed = mixture.timed,
          .inputs = [more = mixture.more](const Sizes& n) {
            const int rows = n[0] * n[2];
            CaseInputs inputs = {{rows, n[1] * n[3]}, {rows, n[1] * n[3]}, {rows, n[1] * n[4]}};
            for (const CaseInput& input : more(n)) inputs.push_back(input);
            return inputs;
          },
          .plain = [map = mixture.map](const Matrices& in, const Sizes& n) {
            const int rows = n[0] * n[2], context = n[2];
            Matrix out(rows, in[2].cols);
            for (int b = 0; b < n[0]; ++b)
              for (int h = 0; h < n[1]; ++h) {
                std::vector<plain::Numbers> inputs = {head_of(in[0], n, b, h), head_of(in[1], n, b, h)};
                for (std::size_t k = 3; k < in.size(); ++k)
                  inputs.push_back(in[k].rows == rows ? head_of(in[k], n, b, h) : in[k].values);
                const plain::Numbers p = map(context, inputs);
                for (int i = 0; i < context; ++i)
                  for (int j = 0; j <= i; ++j)
                    for (int c = 0; c < n[4]; ++c)
                      out(b * context + i, h * n[4] + c) +=
                          p[i * context + j] * in[2](b * context + j, h * n[4] + c);
              }
            return Matrices{out};
          },
          .tolerance = mixture.tolerance};
}

}  // namespace ladder::nn
