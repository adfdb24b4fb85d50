#pragma once
/// \file repeat.hpp
/// \brief `"repeat": N` in a data file: one written element stands for many.
///
/// In the text of such an element `{n}` is the number of the copy from 1, `{n:8}` the same as eight
/// upper-case hexadecimal digits, `{n:ip}` as three octets (`0.1.44`). Inside an element that is
/// itself repeated the letter is `m`. Errors: MalformedRequest. Limits: the budget's.
#include <cstdint>
#include <functional>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock::simulator {

/// What a data file may still unfold to.
class Budget {
 public:
  Budget(std::size_t items, std::size_t bytes) : items_{items}, bytes_{bytes} {}
  Status take(std::size_t bytes);

 private:
  std::size_t items_;
  std::size_t bytes_;
};

/// An element's JSON with its number put in, and that number from 0.
using UseElement = std::function<Status(std::string_view element, std::int64_t index)>;

/// Calls `use` for every element of the array, repeats unfolded, until one fails.
Status each_element(std::string_view array, char letter, Budget& budget, const UseElement& use);

}  // namespace cardstock::simulator
