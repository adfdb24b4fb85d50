#include "stix_pattern.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <cardstock/util/text.hpp>

namespace cardstock::prewarm {
namespace {

constexpr bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct Token {
  enum class Kind { End, Word, Text, Mark };
  Kind kind = Kind::End;
  std::string text;  ///< of Text without quotes and escapes
  std::size_t at = 0;
};

class Lexer {
 public:
  explicit Lexer(std::string_view pattern) : rest_{pattern}, size_{pattern.size()} {}

  Result<Token> next() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    const std::size_t at = size_ - rest_.size();
    if (rest_.empty()) return Token{.at = at};
    const char c = rest_.front();
    if (c == '\'') return text(at);
    if (is_letter(c) || is_digit(c)) return word(at);
    constexpr std::array<std::string_view, 12> kLongFirst{"<=", ">=", "!=", "<>", "==", "=",
                                                          "<",  ">",  "[",  "]",  "(",  ")"};
    for (const std::string_view mark : kLongFirst)
      if (rest_.starts_with(mark)) return take(Token::Kind::Mark, mark.size(), at);
    if (std::string_view{":.,*+-"}.find(c) != std::string_view::npos)
      return take(Token::Kind::Mark, 1, at);
    return fail(ErrorCode::MalformedRequest,
                "its pattern has an unknown sign at place " + std::to_string(at + 1));
  }

 private:
  Token take(Token::Kind kind, std::size_t length, std::size_t at) {
    Token token{.kind = kind, .text = std::string{rest_.substr(0, length)}, .at = at};
    rest_.remove_prefix(length);
    return token;
  }
  /// Hyphens join: `ipv4-addr`. So do colons and dots in numbers and dates, which are not looked
  /// into.
  Token word(std::size_t at) {
    std::size_t length = 1;
    while (length < rest_.size() &&
           (is_letter(rest_[length]) || is_digit(rest_[length]) || rest_[length] == '-'))
      ++length;
    return take(Token::Kind::Word, length, at);
  }
  Result<Token> text(std::size_t at) {
    Token token{.kind = Token::Kind::Text, .text = {}, .at = at};
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\'') return token;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      token.text.push_back(c);
    }
    return fail(ErrorCode::MalformedRequest, "a text in its pattern does not end");
  }

  std::string_view rest_;
  std::size_t size_;
};

struct Path {
  std::string object;
  std::vector<std::string> steps;
  std::string text() const {
    std::string all = object + ":";
    for (std::size_t i = 0; i < steps.size(); ++i) all += (i == 0 ? "" : ".") + steps[i];
    return all;
  }
};

bool is_hash_name(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"MD5",    "SHA-1",   "SHA1",  "SHA-256",
                                                   "SHA256", "SHA-512", "SHA512"};
  return std::ranges::any_of(
      kNames, [&](std::string_view each) { return equal_ignoring_case(each, name); });
}

std::optional<EntityType> type_of(const Path& path) {
  const auto is = [&path](std::string_view object, std::initializer_list<std::string_view> steps) {
    return path.object == object && std::ranges::equal(path.steps, steps);
  };
  if (is("ipv4-addr", {"value"}) || is("ipv6-addr", {"value"})) return EntityType::IpAddress;
  if (is("domain-name", {"value"})) return EntityType::InternetDomainName;
  if (is("url", {"value"})) return EntityType::Url;
  if (is("email-addr", {"value"}) || is("email-message", {"from_ref", "value"}) ||
      is("email-message", {"sender_ref", "value"}))
    return EntityType::EmailAddress;
  if (path.object == "file" && path.steps.size() == 2 && path.steps[0] == "hashes" &&
      is_hash_name(path.steps[1]))
    return EntityType::Hash;
  return std::nullopt;
}

/// Recursive descent over the whole grammar; what it reads goes to one StixReading.
class Reader {
 public:
  explicit Reader(std::string_view pattern) : lexer_{pattern} {}

  Result<StixReading> read() {
    advance();
    observations(0);
    if (!error_ && token_.kind != Token::Kind::End) complain("its pattern should end");
    if (error_) return std::unexpected(*error_);
    return std::move(reading_);
  }

 private:
  void advance() {
    if (error_) return;
    Result<Token> next = lexer_.next();
    if (next) {
      token_ = *std::move(next);
    } else {
      error_ = next.error();
      token_ = {};
    }
  }
  void complain(std::string what) {
    if (!error_) {
      error_ =
          Error{.code = ErrorCode::MalformedRequest,
                .public_detail = std::move(what) + " at place " + std::to_string(token_.at + 1),
                .cause = {}};
    }
    token_ = {};
  }
  bool is_mark(std::string_view mark) const {
    return token_.kind == Token::Kind::Mark && token_.text == mark;
  }
  bool is_word(std::string_view word) const {
    return token_.kind == Token::Kind::Word && token_.text == word;
  }
  bool take_mark(std::string_view mark) {
    if (!is_mark(mark)) return false;
    advance();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    advance();
    return true;
  }
  void expect(std::string_view mark) {
    if (!take_mark(mark)) complain("its pattern needs " + std::string{mark});
  }

  void observations(int nesting) {
    if (nesting > kMaxNesting) return complain("its pattern is nested too deep");
    do {
      if (take_mark("(")) {
        observations(nesting + 1);
        expect(")");
      } else {
        expect("[");
        comparisons(nesting + 1);
        expect("]");
      }
      qualifiers();
    } while (!error_ && (take_word("AND") || take_word("OR") || take_word("FOLLOWEDBY")));
  }

  /// WITHIN 5 SECONDS, REPEATS 3 TIMES, START t'…' STOP t'…'
  void qualifiers() {
    while (!error_) {
      if (take_word("WITHIN")) {
        literal();
        if (!take_word("SECONDS")) complain("its pattern needs SECONDS");
      } else if (take_word("REPEATS")) {
        literal();
        if (!take_word("TIMES")) complain("its pattern needs TIMES");
      } else if (take_word("START")) {
        literal();
        if (!take_word("STOP")) complain("its pattern needs STOP");
        literal();
      } else {
        return;
      }
    }
  }

  void comparisons(int nesting) {
    if (nesting > kMaxNesting) return complain("its pattern is nested too deep");
    do {
      const bool negated = take_word("NOT");
      if (take_mark("(")) {
        const std::size_t before = reading_.named.size();
        comparisons(nesting + 1);
        expect(")");
        if (negated) drop_from(before);
      } else if (take_word("EXISTS")) {
        leave_out(path().text() + " EXISTS");
      } else {
        comparison(negated);
      }
    } while (!error_ && (take_word("AND") || take_word("OR")));
  }

  void comparison(bool negated) {
    const Path compared = path();
    negated = take_word("NOT") || negated;
    const std::string by = token_.text;
    const bool is_operator = token_.kind == Token::Kind::Word
                                 ? is_word("IN") || is_word("LIKE") || is_word("MATCHES") ||
                                       is_word("ISSUBSET") || is_word("ISSUPERSET")
                                 : is_mark("=") || is_mark("==") || is_mark("!=") ||
                                       is_mark("<>") || is_mark("<") || is_mark("<=") ||
                                       is_mark(">") || is_mark(">=");
    if (!is_operator) return complain("its pattern needs a comparison");
    advance();
    std::vector<std::optional<std::string>> values;
    if (by == "IN") {
      expect("(");
      do values.push_back(literal());
      while (!error_ && take_mark(","));
      expect(")");
    } else {
      values.push_back(literal());
    }
    if (error_) return;
    const auto type = type_of(compared);
    const bool names = by == "=" || by == "==" || by == "IN" ||
                       (by == "ISSUBSET" && type == EntityType::IpAddress);
    for (std::optional<std::string>& value : values) {
      if (type && names && !negated && value) {
        reading_.named.push_back({*type, *std::move(value)});
      } else {
        leave_out(compared.text() + (negated ? " NOT " : " ") + by);
      }
    }
  }

  Path path() {
    Path path;
    path.object = word("its pattern needs an object path");
    expect(":");
    path.steps.push_back(step());
    while (!error_) {
      if (take_mark(".")) {
        path.steps.push_back(step());
      } else if (take_mark("[")) {
        path.steps.push_back("[" + token_.text + "]");
        advance();
        expect("]");
      } else {
        break;
      }
    }
    return path;
  }
  std::string step() {
    if (token_.kind == Token::Kind::Text) {
      std::string text = token_.text;
      advance();
      return text;
    }
    return word("its pattern needs a property");
  }
  std::string word(const char* complaint) {
    if (token_.kind != Token::Kind::Word) {
      complain(complaint);
      return {};
    }
    std::string text = token_.text;
    advance();
    return text;
  }

  /// Its text; nullopt for a literal that is none: a number, a truth, bytes, a time.
  std::optional<std::string> literal() {
    if (token_.kind == Token::Kind::Text) {
      std::string text = token_.text;
      advance();
      return text;
    }
    if (!take_mark("-")) take_mark("+");
    word("its pattern needs a value");
    // t'…', h'…', b'…'
    if (token_.kind == Token::Kind::Text) advance();
    if (take_mark(".")) word("its pattern needs the rest of a number");
    return std::nullopt;
  }

  void leave_out(std::string what) {
    if (error_) return;
    if (reading_.unread++ == 0) reading_.first_unread = std::move(what);
  }
  void drop_from(std::size_t first) {
    while (reading_.named.size() > first) {
      reading_.named.pop_back();
      leave_out("NOT (…)");
    }
  }

  Lexer lexer_;
  Token token_;
  std::optional<Error> error_;
  StixReading reading_;
};

}  // namespace

Result<StixReading> read_stix_pattern(std::string_view pattern) {
  return Reader{pattern}.read();
}

}  // namespace cardstock::prewarm
