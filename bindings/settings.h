// The settings object of lib/native/settings.ts as a C++ struct.
#pragma once
#include "engine.h"
#include "js.h"

namespace alfa::node {

// Reads one property per field of Settings, by the names in visit_fields
// (native/settings.h). Throws a TypeError for a missing or unknown property or
// a wrong type, a RangeError for an unknown name or a number that does not fit
// the field's type. The engine checks the ranges.
Settings settings_of(const Napi::Value& value);

}  // namespace alfa::node
