#include "check/registry.h"

#include <map>

namespace alfa::check {
namespace {

using AddCases = std::function<void(Cases&, const ModelFiles*)>;

// A local static, because other files register before this file's statics are
// initialised.
std::map<std::string, AddCases>& groups() {
  static std::map<std::string, AddCases> all;
  return all;
}

}  // namespace

CaseGroup::CaseGroup(const char* name, void (*add)(Cases&)) {
  groups()[name] = [add](Cases& cases, const ModelFiles*) { add(cases); };
}

CaseGroup::CaseGroup(const char* name, void (*add)(Cases&, const ModelFiles&)) {
  groups()[name] = [add](Cases& cases, const ModelFiles* files) {
    if (files) add(cases, *files);
  };
}

Cases all_cases(const ModelFiles* files) {
  Cases cases;
  for (const auto& [name, add] : groups()) add(cases, files);
  return cases;
}

}  // namespace alfa::check
