// A kernel's cases for another build of it: of the same source, in an
// instruction set that the CPU would not choose.
#pragma once
#include <initializer_list>
#include <string>

#include "check/case.h"
#include "kernels/epilogue/epilogue.h"
#include "kernels/segment_mix/segment_mix.h"

namespace alfa::check {

using EpilogueKernel = void (*)(const kernels::Epilogue&,
                                const kernels::ParallelFor&);
using SegmentMixKernel = void (*)(const kernels::SegmentMix&,
                                  const kernels::ParallelFor&);
void segment_mix_cases_of(Cases& cases, const std::string& name,
                          SegmentMixKernel kernel);  // cases_segment_mix.cc
void epilogue_cases_of(
    Cases& cases, const std::string& name, EpilogueKernel kernel,
    std::initializer_list<ptrdiff_t> widths);  // cases_epilogue.cc

}  // namespace alfa::check
