// The list of all cases. Every cases_*.cc file registers its cases with one
// CaseGroup at namespace scope, before main() starts:
//
//   void add_cases(Cases& cases) { ... }
//   const CaseGroup group("smooth", add_cases);
//
// This works because the executables link these files as objects. A static
// library would drop them.
#pragma once
#include <string>

#include "check/case.h"

namespace alfa::check {

// Paths for the cases that run whole detections.
struct ModelFiles {
  std::string checkpoint;  // folder
  std::string runtime;     // libonnxruntime; on a GPU the one beside its CUDA
                           // provider
};

class CaseGroup {
 public:
  // `name` must be unique. Groups run in the order of their names.
  CaseGroup(const char* name, void (*add)(Cases&));
  // A group that needs a model. It is left out without one.
  CaseGroup(const char* name, void (*add)(Cases&, const ModelFiles&));
};

// All registered cases. `files` may be null.
Cases all_cases(const ModelFiles* files);

}  // namespace alfa::check
