#include "engine/backend/cpu/text_encoder.h"

#include <algorithm>

#include "engine/backend/cpu/session.h"
#include "error.h"

namespace alfa {
namespace {

// Bounds the memory of the activations of a long list of prompts.
constexpr size_t kTextsPerRun = 64;

}  // namespace

TextEncoder::TextEncoder(Runtime& runtime, const Architecture& architecture,
                         int threads, const std::string& log_id)
    : architecture_(architecture),
      session_(open_cpu_session(
          runtime, architecture,
          text_graph(*architecture.text, architecture.embed_dim),
          {.threads = threads, .log_id = log_id, .packed = packed_})) {}

std::vector<float> TextEncoder::encode(std::span<const int32_t> ids,
                                       std::span<const int32_t> lengths,
                                       RunControl* control) {
  size_t total = 0;
  for (const int32_t length : lengths) {
    if (length < 1 || length > architecture_.text->context)
      throw Error(Code::kRange,
                  "Expected texts of 1 to " +
                      std::to_string(architecture_.text->context) +
                      " tokens but received one of " + std::to_string(length) +
                      ".");
    total += static_cast<size_t>(length);
  }
  if (total != ids.size())
    throw Error(Code::kRange, "Expected the lengths to add up to the " +
                                  std::to_string(ids.size()) +
                                  " token ids but received a sum of " +
                                  std::to_string(total) + ".");
  std::vector<float> rows;
  while (!lengths.empty()) {
    const auto group = lengths.first(std::min(kTextsPerRun, lengths.size()));
    size_t tokens = 0;
    for (const int32_t length : group) tokens += static_cast<size_t>(length);
    const auto embeddings = encode_group(ids.first(tokens), group, control);
    rows.insert(rows.end(), embeddings.begin(), embeddings.end());
    ids = ids.subspan(tokens);
    lengths = lengths.subspan(group.size());
  }
  return rows;
}

std::vector<float> TextEncoder::encode_group(std::span<const int32_t> ids,
                                             std::span<const int32_t> lengths,
                                             RunControl* control) {
  const int vocabulary = architecture_.text->vocabulary;
  for (const int32_t id : ids)
    if (id < 0 || id >= vocabulary)
      throw Error(Code::kModelMismatch,
                  "Expected token ids below the model's vocabulary size of " +
                      std::to_string(vocabulary) + " but received " +
                      std::to_string(id) +
                      ". Use the tokenizer that belongs to this checkpoint.");
  std::vector<int32_t> cu_seqlens{0}, positions, last_rows;
  for (const int32_t length : lengths) {
    for (int32_t p = 0; p < length; ++p) positions.push_back(p);
    cu_seqlens.push_back(cu_seqlens.back() + length);
    last_rows.push_back(cu_seqlens.back() - 1);
  }
  const auto outputs = session_->run(
      {feed("token_ids", ids), feed("positions", positions),
       feed("cu_seqlens", cu_seqlens), feed("pool_rows", last_rows)},
      {"embedding"}, control);
  const float* data = outputs[0].GetTensorData<float>();
  const size_t count =
      lengths.size() * static_cast<size_t>(architecture_.embed_dim);
  check_finite({data, count}, architecture_);
  return {data, data + count};
}

}  // namespace alfa
