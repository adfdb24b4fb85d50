/// \file read_samples.cpp
/// \brief For developers: reads answers from files as if they had come with status 200, and prints
/// a line a row.
///
///   read_samples FILE…
/// Exit status: 0, or 1 when a file could not be read or was refused.
#include <iostream>

#include <cardstock/threatconnect/answer.hpp>
#include <cardstock/util/time_text.hpp>

#include "support/read_file.hpp"

using namespace cardstock;
using namespace cardstock::threatconnect;

namespace {

template <class Value>
void print(std::string_view name, const std::optional<Value>& value) {
  std::cout << ' ' << name << '=';
  if (value) {
    std::cout << *value;
  } else {
    std::cout << '-';
  }
}

void print(const Row& row) {
  const OwnerCopy& copy = row.copy;
  std::cout << "  " << (row.type ? name_of(*row.type) : "(other)") << " | " << copy.owner << " | "
            << copy.summary << " |";
  print("rating", copy.rating);
  print("confidence", copy.confidence);
  print("score", copy.threat_assess_score);
  print("fp", copy.false_positives);
  std::cout << " attributes=" << copy.attributes.size() << " groups=" << copy.groups.size()
            << " tags=" << copy.tags.size();
  print("lastModified",
        copy.last_modified ? std::optional{to_rfc3339(*copy.last_modified)} : std::nullopt);
  std::cout << " id=" << copy.id << '\n';
}

bool read_sample(const char* path) {
  const std::string body = test::read_file(path);
  const auto page = read_indicators(200, "", body);
  if (!page) {
    std::cout << path << ": " << name_of(page.error().code) << ": " << page.error().public_detail
              << " (" << page.error().cause << ")\n";
    return false;
  }
  std::cout << path << ": rows=" << page->rows.size() << " skipped=" << page->skipped;
  print("count", page->count);
  std::cout << " next=" << (page->next.empty() ? "-" : page->next) << '\n';
  for (const Row& row : page->rows) print(row);
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  bool good = count > 1;
  for (int i = 1; i < count; ++i) {
    try {
      good = read_sample(arguments[i]) && good;
    } catch (const std::exception& e) {
      std::cout << e.what() << '\n';
      good = false;
    }
  }
  return good ? 0 : 1;
}
