# What every target shares: language level, warnings, sanitizers, the
# precompiled header, and three verbs: tongke_library, tongke_program,
# tongke_unit_test.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

set(TONGKE_SANITIZE "" CACHE STRING "comma-separated list for -fsanitize=")
option(TONGKE_FUZZ "build the fuzz targets with libFuzzer (clang)" OFF)
option(TONGKE_PCH "use precompiled headers" ON)

find_program(TONGKE_CCACHE ccache)
if(TONGKE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # base_dir makes a second checkout hit the first one's cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};CCACHE_NOHASHDIR=1;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime;${TONGKE_CCACHE}")
endif()

find_program(TONGKE_MOLD mold)
if(TONGKE_MOLD AND NOT TONGKE_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Werror -Wshadow
  -Woverloaded-virtual -Wcast-align -Wnull-dereference -Wno-missing-field-initializers
  -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives from these inside Boost and the standard
  # library once coroutines are inlined.
  add_compile_options(-Wno-maybe-uninitialized -Wno-null-dereference
                      -Wno-stringop-overflow -Wno-restrict -Wno-array-bounds -Wno-mismatched-new-delete)
endif()

if(TONGKE_SANITIZE)
  add_compile_options(-fsanitize=${TONGKE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TONGKE_SANITIZE})
  if(TONGKE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has fences, which this sanitizer does not see; its queues are locked as well.
    add_compile_options(-Wno-tsan)
  endif()
endif()
if(TONGKE_FUZZ)
  # clang 14 cannot emit the function check for coroutines.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(LIBAV REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)

# Asio and Beast are compiled once, in common/net (asio_impl.cpp).
add_compile_definitions(
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT=1
  SPDLOG_FMT_EXTERNAL)

# tongke_library(NAME [PCH] [LINK lib...] [SYSTEM lib...])
# One static library from every .cpp of the folder. LINK names our own
# libraries, SYSTEM third-party ones. PCH: the folder uses Asio.
function(tongke_library name)
  cmake_parse_arguments(A "PCH" "" "LINK;SYSTEM;SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(APPEND sources ${A_SOURCES})
  if(sources)
    add_library(${name} STATIC ${sources})
    set(kind PUBLIC)
    if(A_PCH AND TONGKE_PCH AND NOT name STREQUAL "common_net")
      target_precompile_headers(${name} REUSE_FROM common_net)
    endif()
  else()
    add_library(${name} INTERFACE)
    set(kind INTERFACE)
  endif()
  target_include_directories(${name} ${kind} "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} ${kind} ${A_LINK} ${A_SYSTEM} fmt::fmt Boost::headers Threads::Threads)
endfunction()

# tongke_bytes(NAME FILE): the library NAME, which holds the file's bytes as
# tongke::embedded::FILE_EXT, a std::span<const std::uint8_t>.
function(tongke_bytes name file)
  string(MAKE_C_IDENTIFIER "${file}" symbol)
  set(from "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${from}")
  file(READ "${from}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  file(CONFIGURE OUTPUT "${out}" @ONLY CONTENT
    "#include <cstdint>\n#include <span>\nnamespace tongke::embedded {\nstatic const std::uint8_t bytes[] = {@bytes@};\nextern const std::span<const std::uint8_t> @symbol@;\nconst std::span<const std::uint8_t> @symbol@{bytes};\n}\n")
  add_library(${name} STATIC "${out}")
endfunction()

# tongke_program(NAME MAIN.cpp LINK lib...)
function(tongke_program name main)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  add_executable(${name} ${main})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${A_LINK})
endfunction()

# tongke_unit_test(FOLDER LINK lib...): one test binary from tests/unit/FOLDER.
function(tongke_unit_test folder)
  cmake_parse_arguments(A "PCH" "" "LINK" ${ARGN})
  string(REPLACE "/" "_" id "${folder}")
  set(name unit_${id})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/unit/${folder}/*.cpp")
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE test_support ${A_LINK})
  target_compile_definitions(${name} PRIVATE TONGKE_TESTS_DIR="${CMAKE_SOURCE_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()
