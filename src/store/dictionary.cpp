#include "dictionary.hpp"

#include <vector>

#include <zdict.h>

namespace cardstock::store {

std::optional<std::string> train_dictionary(std::span<const std::string> bodies) {
  std::string all;
  std::vector<std::size_t> sizes;
  for (const std::string& body : bodies) {
    if (all.size() + body.size() > kMaxSampleBytes) break;
    all += body;
    sizes.push_back(body.size());
  }
  std::string dictionary(kDictionaryBytes, '\0');
  const std::size_t size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), all.data(),
                                                 sizes.data(), static_cast<unsigned>(sizes.size()));
  if (ZDICT_isError(size) != 0U) return std::nullopt;
  dictionary.resize(size);
  return dictionary;
}

}  // namespace cardstock::store
