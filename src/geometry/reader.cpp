#include "geometry/reader.h"

#include <algorithm>
#include <cmath>

#include "ladder/base/error.h"
#include "statistics/contestant.h"
#include "train/measure.h"

namespace ladder::geometry {

using namespace tasks;

std::string contestant_of(const Settings& settings) {
  const auto applying = [&](const char* key) {
    return settings.applies(key) ? settings.text(key) : std::string();
  };
  return statistics::contestant_name(applying("mixer"), applying("score"), applying("pattern"));
}

static constexpr int block = 64;  // queries whose maps are there at a time

Reader::Reader(const Settings& settings, Parameters<float>& parameters)
    : task_(make_task(settings)),
      seed_(static_cast<std::uint64_t>(settings.big_integer("seed"))),
      config_(model_config(settings, task_->vocabulary(), task_->context())),
      network_(config_, parameters, 1, false),
      probabilities_(static_cast<std::size_t>(block) * config_.context),
      z_(probabilities_.size()),
      legal_(probabilities_.size()) {
  const auto mixers = settings.list("mixer");
  for (int layer = 0; layer < config_.layers; ++layer) {
    if (network_.looks[layer].query) layers_.push_back(layer);
    else
      left_out_.push_back("layer " + std::to_string(layer) + " (" +
                          mixers[mixers.size() == 1 ? 0 : layer] + ")");
  }
  if (layers_.empty())
    throw usage_error("no layer's weights are made of query.key: " + contestant_of(settings) +
                      " mixes in another way, which has no angles to look at");
}

void Reader::draw(int index) {
  task_->draw(seed_, Split::evaluation, static_cast<std::uint64_t>(index), sequence_);
}

void Reader::read(int index) {
  draw(index);
  std::copy_n(sequence_.tokens.begin(), context(), network_.tokens.begin());
  network_.graph.forward();
}

void Reader::look(int layer, int head) {
  look_ = &network_.looks[layer];
  head_ = head;
  begin_ = end_ = 0;
}

void Reader::read_maps(int query) {
  begin_ = query, end_ = std::min(query + block, context());
  look_->maps({.sequence = 0, .head = head_, .begin = begin_, .end = end_,
               .probabilities = probabilities_.data(), .products = z_.data(), .legal = legal_.data()});
}

double Reader::accuracy(int sequences) {
  return train::evaluate({*task_, seed_}, sequences, network_).accuracy;
}

const float* Reader::input(int position) const {
  return look_->input.value() + position * look_->input.stride();
}

void Reader::pairs(int query, std::vector<Pair>& out, std::vector<int>& keys) {
  if (query < begin_ || query >= end_) read_maps(query);
  const std::size_t first = static_cast<std::size_t>(query - begin_) * context();
  const double length = look_->scale * norm(head_row(look_->query, query));
  out.clear(), keys.clear();
  for (int k = 0; k < context(); ++k) {
    if (!legal_[first + k]) continue;
    out.push_back({probabilities_[first + k], z_[first + k], length * norm(key(k))});
    keys.push_back(k);
  }
}

const float* Reader::head_row(const Tensor<float>& of, int position) const {
  return of.value() + position * of.stride() + head_ * head_size();
}

double Reader::norm(const float* x) const {
  double square = 0;
  for (int i = 0; i < head_size(); ++i) square += static_cast<double>(x[i]) * x[i];
  return std::sqrt(square);
}

}  // namespace ladder::geometry
