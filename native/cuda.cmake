# The CUDA language and its architectures. Included by the root CMakeLists.txt: a language must be enabled above all
# targets that link its libraries, or the CUDA runtime is missing in the addon.
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
set(CMAKE_CUDA_STANDARD 20)
if(DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(ALFA_CUDA_ARCHITECTURES ${CMAKE_CUDA_ARCHITECTURES})
else()
  # Machine code for each of these, and PTX from which the driver compiles for later ones.
  set(ALFA_CUDA_ARCHITECTURES 80 86 89 90)
  set(CMAKE_CUDA_ARCHITECTURES 80)  # for CMake's own test of the compiler
  set(ALFA_CUDA_ARCHITECTURES_12_8 100 120)
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.8)
  list(APPEND ALFA_CUDA_ARCHITECTURES ${ALFA_CUDA_ARCHITECTURES_12_8})
endif()
# CMake before 3.26 does not know that nvcc 12 and later accept C++20.
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
