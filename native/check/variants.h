// A kernel's cases for another build of it: of the same source, in an
// instruction set that the CPU would not choose.
#pragma once
#include <initializer_list>
#include <string>

#include "check/case.h"
#include "kernels/absorbed_attention/absorbed_attention.h"
#include "kernels/epilogue/epilogue.h"

namespace alfa::check {

using EpilogueKernel = void (*)(const kernels::Epilogue&,
                                const kernels::ParallelFor&);
using AbsorbedAttentionFunction = void (*)(const kernels::AbsorbedAttention&,
                                           const kernels::ParallelFor&);
void absorbed_attention_cases_of(
    Cases& cases, const std::string& name,
    AbsorbedAttentionFunction kernel);  // cases_absorbed_attention.cc
void epilogue_cases_of(
    Cases& cases, const std::string& name, EpilogueKernel kernel,
    std::initializer_list<ptrdiff_t> widths);  // cases_epilogue.cc

}  // namespace alfa::check
