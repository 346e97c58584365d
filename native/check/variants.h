// The cases of a kernel for a second build of it: the same source compiled for
// an instruction set that the CPU would not choose (cases_variants*.cc).
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

// Names begin with `prefix`. Defined in cases_absorbed_attention.cc and
// cases_epilogue.cc.
void add_absorbed_attention_cases(Cases& cases, const std::string& prefix,
                                  AbsorbedAttentionFunction kernel);
void add_epilogue_cases(Cases& cases, const std::string& prefix,
                        EpilogueKernel kernel,
                        std::initializer_list<ptrdiff_t> widths);

}  // namespace alfa::check
