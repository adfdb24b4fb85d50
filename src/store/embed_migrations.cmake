# Writes OUTPUT: the files of FOLDER matching NNNN_*.sql as raw strings, in the order of their numbers.
#   cmake -D FOLDER=migrations -D OUTPUT=embedded.cpp -P embed_migrations.cmake
file(GLOB files "${FOLDER}/[0-9][0-9][0-9][0-9]_*.sql")
list(SORT files)
set(rows "")
set(count 0)
foreach(path IN LISTS files)
  get_filename_component(name "${path}" NAME)
  string(SUBSTRING "${name}" 0 4 digits)
  string(REGEX REPLACE "^0+" "" version "${digits}")
  file(READ "${path}" text)
  string(APPEND rows "    Migration{${version}, \"${name}\",\n              R\"migration(${text})migration\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}.new" "#include \"migrations.hpp\"

#include <array>

namespace cardstock::store {
namespace {
constexpr std::array<Migration, ${count}> kMigrations{
${rows}};
}  // namespace

std::span<const Migration> embedded_migrations() noexcept { return kMigrations; }

}  // namespace cardstock::store
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
