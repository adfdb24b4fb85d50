/// \file frame_dump.cpp
/// \brief Tells how streams of bytes are framed, for comparison with another parser
/// (compare_framing.mjs).
///
/// Standard input: one stream a line, in hexadecimal. Standard output: one line of JSON for each:
/// {"requests":[["METHOD","target","body in hexadecimal"],…],"end":"refused"|"incomplete"|"clean"}
#include <iostream>
#include <string>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "framing.hpp"

int main() {
  using namespace cardstock;
  constexpr http::FramingLimits kLimits{16 * 1024, 100, 1024 * 1024};
  std::vector<http::HeaderView> store(kLimits.headers);
  for (std::string line; std::getline(std::cin, line);) {
    std::string held;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2)
      held += static_cast<char>(hex_value(line[i]) * 16 + hex_value(line[i + 1]));
    std::string out;
    JsonWriter json{out};
    json.begin_object().key("requests").begin_array();
    http::Framer framer;
    auto step = http::Framer::Step::NeedMore;
    while (!held.empty() &&
           (step = framer.advance(held, kLimits, store)) == http::Framer::Step::Complete) {
      json.begin_array()
          .value(framer.head().method)
          .value(framer.head().target)
          .value(to_hex(framer.body()));
      json.end_array();
      const bool last = !framer.head().keep_alive;
      held.erase(0, framer.consumed());
      framer.reset();
      if (last) held.clear();
    }
    json.end_array().key("end").value(held.empty()                          ? "clean"
                                      : step == http::Framer::Step::Refused ? "refused"
                                                                            : "incomplete");
    json.end_object();
    std::cout << out << "\n";
  }
  return 0;
}
