#pragma once
/// \file frame_text.hpp
/// \brief What the Framer makes of a stream of bytes, in words that two runs can be compared by.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "framing.hpp"

namespace cardstock::test {

/// One line for each request, then "refused STATUS", "incomplete" or nothing. `cuts`: ascending
/// places at which the stream is cut into the pieces that arrive.
inline std::string frame(std::string_view stream,
                         const std::vector<std::size_t>& cuts,
                         const http::FramingLimits& limits) {
  std::string out;
  std::vector<http::HeaderView> store(limits.headers);
  http::Framer framer;
  std::string held;
  std::size_t begin = 0;
  const auto feed = [&](std::string_view piece) {
    held += piece;
    while (!held.empty()) {
      switch (framer.advance(held, limits, store)) {
        case http::Framer::Step::NeedMore:
          if (framer.held() > held.size()) std::abort();
          held.resize(framer.held());
          return true;
        case http::Framer::Step::Refused:
          out += "refused " + std::to_string(static_cast<int>(framer.refusal()));
          return false;
        case http::Framer::Step::Complete:
          break;
      }
      const http::RequestHead& head = framer.head();
      out +=
          std::string{head.method} + " " + std::string{head.path} + " ? " + std::string{head.query};
      for (const http::HeaderView& field : head.headers)
        out += " {" + std::string{field.name} + ":" + std::string{field.value} + "}";
      out += head.keep_alive ? " keep" : " close";
      out += " [" + std::string{framer.body()} + "]\n";
      if (framer.consumed() == 0 || framer.consumed() > held.size() ||
          framer.body().size() > limits.body_bytes)
        std::abort();
      held.erase(0, framer.consumed());
      framer.reset();
    }
    return true;
  };
  for (const std::size_t cut : cuts) {
    if (!feed(stream.substr(begin, cut - begin))) return out;
    begin = cut;
  }
  if (feed(stream.substr(begin)) && !held.empty()) out += "incomplete";
  return out;
}

}  // namespace cardstock::test
