# alfa_cuda: the CUDA kernels and the CUDA runtime wrapper, compiled by nvcc.
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

add_library(alfa_cuda STATIC ${CUDA_KERNEL_SOURCES} ${CUDA_RUNTIME_SOURCES})
set_target_properties(alfa_cuda PROPERTIES CUDA_ARCHITECTURES "${ALFA_CUDA_ARCHITECTURES}")
target_include_directories(alfa_cuda SYSTEM PUBLIC ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
target_link_libraries(alfa_cuda PUBLIC alfa_kernels)
