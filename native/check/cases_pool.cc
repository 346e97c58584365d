#include <atomic>
#include <memory>
#include <stdexcept>

#include "check/call.h"
#include "check/registry.h"
#include "runtime/pool.h"

namespace alfa::check {
namespace {

// `rounds` calls of different sizes on one pool. Each task must run exactly
// once.
void add_rounds(Cases& cases, int threads, int rounds) {
  const auto make = [=] {
    return Work{on_cpu([=] {
                  Pool pool(threads);
                  float wrong = 0;
                  for (int round = 0; round < rounds; ++round) {
                    const size_t tasks = static_cast<size_t>(round * 7 % 23);
                    std::vector<int> runs(tasks);
                    pool.run(tasks, [&](size_t i) {
                      ++runs[i];
                    });  // not atomic: the end of run() orders these writes
                    for (const int n : runs) wrong += n != 1;
                  }
                  return std::vector<float>{wrong};
                }),
                [] { return std::vector<double>{0}; }};
  };
  cases.push_back({"pool/" + std::to_string(threads) + " threads, " +
                       std::to_string(rounds) + " rounds",
                   exact("the number of tasks that did not run exactly once"),
                   make});
}

// run() rethrows one exception of its tasks after all running tasks have ended.
// The pool still works after that.
void add_throwing(Cases& cases, int threads, int rounds) {
  const auto make = [=] {
    return Work{
        on_cpu([=] {
          Pool pool(threads);
          float caught = 0, running = 0, finished = 0;
          for (int round = 0; round < rounds; ++round) {
            std::atomic<int> inside = 0, done = 0;
            try {
              pool.run(40, [&](size_t i) {
                ++inside;
                const bool bad = round % 3 == 0
                                     ? i == static_cast<size_t>(round) % 40
                                     : i % 2 == 1;
                --inside;
                if (bad) throw std::runtime_error(std::to_string(round));
              });
            } catch (const std::runtime_error& error) {
              caught += error.what() == std::to_string(round);
            }
            running += inside != 0;
            pool.parallel_for()(17, [&](size_t) { ++done; });
            finished += done == 17;
          }
          return std::vector<float>{caught, running, finished};
        }),
        [=] { return std::vector<double>{1.0 * rounds, 0, 1.0 * rounds}; }};
  };
  cases.push_back(
      {"pool/" + std::to_string(threads) + " threads, exceptions",
       exact(
           "rounds that threw, that left a task running, that worked after it"),
       make});
}

void add_unused(Cases& cases) {
  const auto make = [] {
    return Work{on_cpu([] {
                  for (const int threads : {0, 1, 2, 8}) Pool pool(threads);
                  return std::vector<float>{1};
                }),
                [] { return std::vector<double>{1}; }};
  };
  cases.push_back({"pool/created and destroyed", exact("ends"), make});
}

void add_cases(Cases& cases) {
  for (const int threads : {1, 2, 3, 8}) add_rounds(cases, threads, 2000);
  for (const int threads : {1, 2, 8}) add_throwing(cases, threads, 200);
  add_unused(cases);
}

const CaseGroup group("pool", add_cases);

}  // namespace

}  // namespace alfa::check
