# One Catch2 program per module, its cases known to ctest one by one.
#   cardstock_test(indicator SOURCES parse_test.cpp DEPENDS cardstock::indicator)
function(cardstock_test name)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "TIMEOUT" "SOURCES;DEPENDS;LABELS")
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  add_executable(${name}_tests ${T_SOURCES})
  target_include_directories(${name}_tests PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name}_tests PRIVATE test_main ${T_DEPENDS} cardstock_build_flags)
  target_compile_definitions(${name}_tests PRIVATE
    CARDSTOCK_SOURCE_DIR="${PROJECT_SOURCE_DIR}" CARDSTOCK_BINARY_DIR="${PROJECT_BINARY_DIR}")
  catch_discover_tests(${name}_tests TEST_PREFIX "${name}/" PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}")
endfunction()
