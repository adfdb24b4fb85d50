#pragma once
/// \file answer.hpp
/// \brief Writes the bytes of an HTTP/1.1 answer.
///
/// Threads: none. Blocking: no.
/// Errors: std::bad_alloc only, which may leave a part of the answer in `out`.
#include <span>
#include <string>
#include <string_view>

#include <cardstock/http/transport/server.hpp>
#include <cardstock/util/clock.hpp>

namespace cardstock::http {

/// What the request decides about the answer's form.
struct AnswerForm {
  bool head_only = false;  ///< HEAD: the length of the body, without the body
  bool close = false;
  bool http_1_0 = false;  ///< a kept connection must be announced
};

/// "Date: …\r\n", written anew when the second changes.
class DateLine {
 public:
  std::string_view text() const { return text_; }
  void update(WallTime now);

 private:
  std::chrono::sys_seconds second_;
  std::string text_;
};

void append_answer(std::string& out,
                   const Response& response,
                   std::span<const std::string_view> body,
                   const AnswerForm& form,
                   const DateLine& date);
/// RFC 9457, without a detail: nothing internal is told.
void append_problem(std::string& out, int status, const AnswerForm& form, const DateLine& date);

}  // namespace cardstock::http
