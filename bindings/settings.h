// The settings object of lib/native/settings.ts as a C++ struct.
#pragma once
#include <napi.h>

#include "engine.h"

namespace alfa::node {

// Reads one property per field of Settings, by the names in visit_fields.
// Throws a TypeError for a missing or unknown property or a wrong type, a
// RangeError for an unknown name of an enum or a number that does not fit the
// field. Engine checks the ranges.
Settings settings_of(const Napi::Value& value);

}  // namespace alfa::node
