# One module = one static library + one FILE_SET of headers others may include.
#   cardstock_module(store DEPENDS cardstock::indicator PRIVATE_DEPENDS SQLiteCpp HEADERS a.hpp SOURCES a.cpp)
#   cardstock_module(transport DIR http/transport ...)   when the room is not named like its folder
# Called from src/<DIR>/CMakeLists.txt; HEADERS are below include/cardstock/<DIR>/, SOURCES beside the caller.
function(cardstock_module name)
  cmake_parse_arguments(PARSE_ARGV 1 M "" "DIR" "HEADERS;SOURCES;DEPENDS;PRIVATE_DEPENDS")
  if(NOT M_DIR)
    set(M_DIR ${name})
  endif()
  list(TRANSFORM M_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/include/cardstock/${M_DIR}/")
  if(M_SOURCES)
    add_library(cardstock_${name} STATIC ${M_SOURCES})
    set(scope PUBLIC)
    target_include_directories(cardstock_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src/${M_DIR}")
    target_link_libraries(cardstock_${name} PRIVATE cardstock_build_flags ${M_PRIVATE_DEPENDS})
  else()
    add_library(cardstock_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(cardstock::${name} ALIAS cardstock_${name})
  target_sources(cardstock_${name} ${scope} FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${M_HEADERS})
  target_compile_features(cardstock_${name} ${scope} cxx_std_23)
  target_link_libraries(cardstock_${name} ${scope} ${M_DEPENDS})
  set_target_properties(cardstock_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# g++ 12, when it optimises, reports faults inside libstdc++'s and third-party templates that it has inlined. For the sources
# in which it does, and for g++ alone, those two warnings are off; clang and the debug build keep theirs.
function(cardstock_quiet_inlined)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-null-dereference;-Wno-maybe-uninitialized>")
endfunction()
