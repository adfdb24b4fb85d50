# Writes OUTPUT: the sample cards of FOLDER as raw strings, in the order of their names.
#   cmake -D FOLDER=tests/golden/card -D OUTPUT=embedded.cpp -P embed_samples.cmake
file(GLOB files "${FOLDER}/*.json")
list(SORT files)
set(rows "")
set(count 0)
foreach(path IN LISTS files)
  get_filename_component(name "${path}" NAME_WE)
  file(READ "${path}" text)
  string(APPEND rows "    SampleCard{\"${name}\", R\"sample(${text})sample\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}.new" "#include \"preview_page.hpp\"

#include <array>

namespace cardstock::http {
namespace {
constexpr std::array<SampleCard, ${count}> kSamples{
${rows}};
}  // namespace

std::span<const SampleCard> sample_cards() noexcept { return kSamples; }

}  // namespace cardstock::http
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
