/// \file indicator_fuzz.cpp
/// \brief Asserts what must hold of every name: the canonical form is a fixed point, the spellings
/// are few and lead back to it, the fast path agrees with the rules, and nothing that may not reach
/// a query or a log is in any of them.
///
/// Input: one byte for the type (the sixth is "recognise"), then the name.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <cardstock/indicator/indicator.hpp>
#include <cardstock/util/text.hpp>

namespace {

using cardstock::EntityType;
using cardstock::Indicator;
using cardstock::Result;

void require(bool held) {
  if (!held) std::abort();
}

bool has_control(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = cardstock::next_code_point(text, at);
    if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
  }
  return false;
}

void check_text(const std::string& text) {
  require(!text.empty());
  require(text.size() <= Indicator::kMaxNameBytes);
  require(cardstock::is_valid_utf8(text));
  require(!has_control(text));
}

void check_leads_to(const Indicator& expected, std::string_view name) {
  const Result<Indicator> found = Indicator::parse(expected.entity(), name);
  require(found.has_value());
  require(*found == expected);
}

void check_found(const Indicator& found) {
  check_text(found.canonical());
  check_leads_to(found, found.canonical());
  // The blank is trimmed, and leads past the fast path for canonical names.
  if (found.canonical().size() < Indicator::kMaxNameBytes)
    check_leads_to(found, " " + found.canonical());
  const std::vector<std::string> spellings = found.spellings();
  require(!spellings.empty() && spellings.size() <= Indicator::kMaxSpellings);
  require(std::set<std::string>(spellings.begin(), spellings.end()).size() == spellings.size());
  for (const std::string& spelling : spellings) {
    check_text(spelling);
    check_leads_to(found, spelling);
  }
}

void check(const Result<Indicator>& found) {
  if (found) return check_found(*found);
  const cardstock::Error& error = found.error();
  require(error.code == cardstock::ErrorCode::InvalidIndicator);
  require(!error.public_detail.empty() && error.public_detail.size() < 400);
  require(!has_control(error.public_detail));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view name{reinterpret_cast<const char*>(data + 1), size - 1};
  const unsigned choice = data[0] % (cardstock::kEntityTypes + 1);
  if (choice == cardstock::kEntityTypes) {
    const Result<Indicator> found = Indicator::recognise(name);
    check(found);
    if (found) check_leads_to(*found, name);
    return 0;
  }
  const auto type = static_cast<EntityType>(choice + 1);
  const Result<Indicator> found = Indicator::parse(type, name);
  check(found);
  if (found && name.size() < Indicator::kMaxNameBytes)
    check_leads_to(*found, " " + std::string{name});
  return 0;
}
