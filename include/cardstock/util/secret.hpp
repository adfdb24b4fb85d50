#pragma once
/// \file secret.hpp
/// \brief Text that must not be left behind: wiped when it goes, and unprintable by accident.
#include <string>
#include <string_view>

namespace cardstock {

/// Overwrites the bytes in a way the optimiser keeps.
void wipe(void* data, std::size_t size) noexcept;
inline void wipe(std::string& text) noexcept {
  wipe(text.data(), text.size());
  text.clear();
}

/// Owns a secret; wiped on destruction, move and assignment. No stream operator, no implicit
/// conversion: whoever needs the bytes says `reveal()`. Threads: none of its own; const access from
/// any.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_{text} {}
  Secret(const Secret&) = default;
  /// Copied and wiped: a moved-from std::string still holds a short text's bytes.
  // NOLINTNEXTLINE(performance-move-constructor-init)
  Secret(Secret&& other) noexcept : text_{other.text_} { other.clear(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      clear();
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      text_ = other.text_;
      other.clear();
    }
    return *this;
  }
  ~Secret() { clear(); }

  std::string_view reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  void clear() noexcept { wipe(text_); }

 private:
  std::string text_;
};

/// Equal in a time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace cardstock
