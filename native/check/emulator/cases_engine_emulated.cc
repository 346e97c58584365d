// How the engine treats the memory of its device, which the emulator counts.
// Running out of memory is an error after which the engine still works, and a
// closed engine leaves no memory behind.
#include <cmath>
#include <memory>

#include "check/alfa_settings.h"
#include "check/emulator/bool_case.h"
#include "check/random.h"
#include "check/registry.h"
#include "cuda_emulator/machine.h"
#include "engine.h"

namespace alfa::check {
namespace {

std::unique_ptr<Engine> open(const ModelFiles& files) {
  OpenOptions options;
  options.directory = files.checkpoint;
  options.runtime = files.runtime;
  options.device = "cuda";
  options.precision = Precision::kFp16;
  options.max_batch = 4;
  return Engine::open(options);
}

std::shared_ptr<const Category> category_of(const Engine& engine,
                                            std::vector<int> scales) {
  Settings settings = alfa_settings();
  settings.scales = std::move(scales);
  const size_t E = static_cast<size_t>(engine.info().embed_dim);
  return engine.make_category(settings, Random(1).unit_rows(5, E),
                              Random(2).unit_rows(6, E), {}, nullptr);
}

float score(Engine& engine, std::vector<int> scales, uint64_t seed) {
  const auto category = category_of(engine, std::move(scales));
  std::vector<uint8_t> rgb(3 * 90 * 70);
  Random random(seed);
  for (uint8_t& v : rgb) v = random.byte();
  const DetectRequest request{{rgb.data(), 90, 70, 3}, {{category}}};
  return engine.detect({&request, 1}, nullptr)[0][0].score;
}

struct NoLimit {
  ~NoLimit() { emulated::set_memory_limit(~size_t{0}); }
};

bool recovers(const ModelFiles& files) {
  const NoLimit lift;
  const auto engine = open(files);
  const float before = score(*engine, {2}, 7);
  // From no spare memory up to enough: each step either works or reports that
  // memory ran out.
  bool refused = false, worked = false;
  for (size_t room = 0; !worked; room = room == 0 ? 4096 : 4 * room) {
    emulated::set_memory_limit(emulated::memory_in_use() + room);
    try {
      worked = std::isfinite(score(*engine, {2, 3}, 8));
    } catch (const Error& error) {
      if (error.code != Code::kMemory) return false;
      refused = true;
    }
    emulated::set_memory_limit(~size_t{0});
    if (score(*engine, {2}, 7) != before) return false;
  }
  return refused;
}

bool leaves_nothing(const ModelFiles& files) {
  const size_t before = emulated::memory_in_use();
  for (int i = 0; i < 2; ++i) {
    const auto engine = open(files);
    for (const uint64_t seed : {3, 4, 5}) score(*engine, {2, 3}, seed);
    if (emulated::memory_in_use() <= before) return false;
  }
  return emulated::memory_in_use() == before;
}

// After warm-up no batch of any size allocates memory or records a graph.
bool warms_up(const ModelFiles& files) {
  const auto engine = open(files);
  const auto category = category_of(*engine, {2, 3});
  engine->warm_up(category, nullptr);
  const size_t bytes = emulated::memory_in_use(),
               graphs = emulated::graph_count();
  const int side = engine->info().image_size;
  const std::vector<uint8_t> rgb(
      3 * static_cast<size_t>(side) * static_cast<size_t>(side), 7);
  const DetectRequest request{{rgb.data(), side, side, 3}, {{category}}};
  for (const size_t count : {3, 1, 4, 2})
    engine->detect(std::vector<DetectRequest>(count, request), nullptr);
  return graphs >= 4 && emulated::memory_in_use() == bytes &&
         emulated::graph_count() == graphs;
}

void add_cases(Cases& cases, const ModelFiles& files) {
  const auto add = [&](const char* name, bool (*holds)(const ModelFiles&)) {
    add_bool_case(cases, std::string("engine/") + name,
                  [=](Device&) { return holds(files); });
  };
  add("works as before after running out of memory", recovers);
  add("allocates nothing after warm-up for any batch size", warms_up);
  add("leaves no device memory behind when closed", leaves_nothing);
}

const CaseGroup group("engine_emulated", add_cases);

}  // namespace

}  // namespace alfa::check
