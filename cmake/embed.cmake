# Files as raw strings in the program: a source that defines `std::span<const EmbeddedFile> FUNCTION() noexcept`
# (cardstock/util/embedded_file.hpp), the files in the order of their names.
#   cardstock_embed(cardstock_store FUNCTION cardstock::store::migration_files FILES ${migrations})
#   … STEM: a file's name without its ending
# Included, it defines the function; run with -P and FILES, FUNCTION, STEM, OUTPUT, it writes the source.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(CARDSTOCK_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")
  function(cardstock_embed target)
    cmake_parse_arguments(PARSE_ARGV 1 E "STEM" "FUNCTION" "FILES")
    string(REGEX REPLACE ".*::" "" short "${E_FUNCTION}")
    set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded_${short}.cpp")
    add_custom_command(OUTPUT "${output}"
      COMMAND ${CMAKE_COMMAND} -D "FILES=${E_FILES}" -D "FUNCTION=${E_FUNCTION}" -D "STEM=${E_STEM}" -D "OUTPUT=${output}"
              -P "${CARDSTOCK_EMBED_SCRIPT}"
      DEPENDS ${E_FILES} "${CARDSTOCK_EMBED_SCRIPT}"
      COMMENT "Embedding ${short}" VERBATIM)
    target_sources(${target} PRIVATE "${output}")
  endfunction()
  return()
endif()

list(SORT FILES)
list(LENGTH FILES count)
set(rows "")
foreach(path IN LISTS FILES)
  if(STEM)
    get_filename_component(name "${path}" NAME_WE)
  else()
    get_filename_component(name "${path}" NAME)
  endif()
  file(READ "${path}" text)
  string(FIND "${text}" ")embedded\"" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "${path} holds the end of a raw string")
  endif()
  string(APPEND rows "    EmbeddedFile{\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
string(REGEX REPLACE "::[^:]+$" "" namespace "${FUNCTION}")
string(REGEX REPLACE ".*::" "" short "${FUNCTION}")
file(WRITE "${OUTPUT}.new" "#include <array>

#include <cardstock/util/embedded_file.hpp>

#if defined(__clang__)
#pragma clang diagnostic ignored \"-Woverlength-strings\"
#endif

namespace ${namespace} {
namespace {
constexpr std::array<EmbeddedFile, ${count}> kFiles{
${rows}};
}  // namespace

std::span<const EmbeddedFile> ${short}() noexcept { return kFiles; }

}  // namespace ${namespace}
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
