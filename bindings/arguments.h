// JavaScript values to C++ ones. Wrong kinds throw a TypeError, wrong values a
// RangeError, both with our codes. lib/ checks what users give; these are the
// last door, so that no argument can reach memory it should not.
#pragma once
#include <napi.h>

#include <span>
#include <string>
#include <vector>

#include "engine.h"

namespace alfa::node {

[[noreturn]] void throw_argument(Napi::Env env, const std::string& message);
[[noreturn]] void throw_range(Napi::Env env, const std::string& message);

std::string string_of(const Napi::Object& object, const char* key);
std::vector<std::string> strings_of(const Napi::Object& object,
                                    const char* key);
double number_of(const Napi::Object& object, const char* key);
int count_of(const Napi::Object& object, const char* key,
             int least);  // a whole number up to 65536
constexpr double kMostWhole =
    9007199254740991.0;  // up to which every whole number is a double
double whole_of(const Napi::Object& object, const char* key, double least,
                double most);
bool boolean_of(const Napi::Object& object, const char* key);

// One of `names`; the index of the one given.
size_t choice_of(const Napi::Object& object, const char* key,
                 std::initializer_list<const char*> names);

// A view of a typed array's own bytes, its offset respected; good while the
// array is referenced and not detached.
template <typename T>
std::span<T> span_of(const Napi::Value& value, const char* name);

PixelView image_of(const Napi::Value& value,
                   std::vector<Napi::ObjectReference>& keep);
Fit fit_of(const Napi::Value& value);
std::vector<int> counts_of(const Napi::Value& value,
                           const char* name);  // whole numbers from 1

Napi::Float32Array to_js(Napi::Env env, std::span<const float> values);
Napi::Float32Array given_to_js(
    Napi::Env env, std::vector<float>&&
                       values);  // its memory goes along where the host allows
Napi::Uint8Array to_js(Napi::Env env, std::span<const uint8_t> values);
Napi::Array pair_to_js(Napi::Env env, const int (&pair)[2]);

}  // namespace alfa::node
