// Another model from ladder's parts: a bag of tokens, classified.
#include "ladder/nn/recorder.h"

namespace ladder {

float train_a_bag(const std::vector<std::int32_t>& tokens, const tensor::Targets& targets, int steps) {
  using namespace nn;
  nn::Parameters<float> parameters;
  const auto record = [&](tensor::Graph<float>& graph) {
    Recorder<float> r(graph, parameters, 1, static_cast<int>(tokens.size()));
    const auto table = r.parameter("embed.weight", {10, 8}, Initial::normal(1));
    const auto x = embedding(graph, tokens.data(), static_cast<int>(tokens.size()), table);
    return cross_entropy(graph, r.linear("head", r.norm("norm", x), 10), targets);
  };
  tensor::Graph<float> declaring(tensor::Graph<float>::Purpose::declaring), graph;
  record(declaring);
  parameters.initialise(0);
  const auto loss = record(graph);
  graph.minimise(loss);
  std::vector<float> gradient(parameters.values().size());
  graph.bind_gradients(gradient.data());
  for (int step = 0; step < steps; ++step) {
    graph.forward();
    graph.backward();
    for (std::size_t i = 0; i < gradient.size(); ++i) parameters.values()[i] -= 0.1f * gradient[i];
  }
  return loss.value()[0];
}

}  // namespace ladder
