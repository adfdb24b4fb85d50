# Writes OUTPUT: the document FILE as one raw string.
#   cmake -D FILE=docs/openapi.yaml -D OUTPUT=embedded_openapi.cpp -P embed_openapi.cmake
file(READ "${FILE}" text)
file(WRITE "${OUTPUT}.new" "#include \"openapi.hpp\"

namespace cardstock::http {

std::string_view openapi_document() noexcept {
  return R\"openapi(${text})openapi\";
}

}  // namespace cardstock::http
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
