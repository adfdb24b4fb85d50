#pragma once
/// \file json_objects.hpp
/// \brief Cuts a stream of JSON into its objects, without ever holding more than one of them.
///
/// Objects one after the other come out whole. An object with an array `objects` at its first level
/// (a STIX bundle, a TAXII envelope) does not: the objects of that array come out instead. Only the
/// nesting is looked at; whoever takes the objects parses them.
///
/// Threads: none of its own. Blocking: none. Errors: MalformedRequest from feed() for anything that
/// is not an object at the outermost level, from finish() for an object that does not end; nothing
/// is read after that. Limits: an object of kMaxObjectBytes; a longer one is refused and reading
/// goes on behind it. Memory: one object.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock::prewarm {

class JsonObjects {
 public:
  static constexpr std::size_t kMaxObjectBytes = std::size_t{1024} * 1024;

  enum class Place { Alone, InBundle };
  struct Found {
    std::string_view text;  ///< valid during the call only
    std::size_t line = 0;   ///< from 1; where it begins
    Place place = Place::Alone;
  };
  using OnObject = std::function<void(const Found&)>;
  /// `why` completes "line 7: …".
  using OnRefused = std::function<void(std::size_t line, std::string_view why)>;

  JsonObjects(OnObject on_object, OnRefused on_refused)
      : on_object_{std::move(on_object)}, on_refused_{std::move(on_refused)} {}

  /// The next bytes, cut anywhere.
  Status feed(std::string_view bytes);
  /// No more bytes. Once, at the end.
  Status finish() const;

 private:
  Status take(char c);
  void take_in_string(char c);
  void open(char c);
  void close();
  void keep(char c);
  void emit(Place place);

  OnObject on_object_;
  OnRefused on_refused_;

  std::size_t line_ = 1;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;

  bool bundle_ = false;    ///< the outermost object has shown its array
  bool in_array_ = false;  ///< and this is inside of it
  bool after_colon_ = false;
  std::string key_;  ///< of the outermost object, as it stands; cut

  std::string text_;  ///< of the object that is being read
  std::size_t text_line_ = 0;
  bool keeping_ = false;
  bool too_long_ = false;
};

}  // namespace cardstock::prewarm
