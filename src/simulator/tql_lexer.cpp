#include "tql_lexer.hpp"

#include <cardstock/util/text.hpp>

namespace cardstock::simulator {
namespace {

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
constexpr bool is_word(char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '_';
}
constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::unexpected<Error> refused(std::string_view what, std::size_t at) {
  return fail(ErrorCode::QueryRefused, std::string{what} + " at offset " + std::to_string(at));
}

}  // namespace

Result<Token> Lexer::next() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  if (at_ == text_.size()) return Token{Token::Kind::End, {}, at_};
  const char c = text_[at_];
  if (c == '"' || c == '\'') return string_token(c);
  if (is_digit(c) || (c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])))
    return number_token();
  if (is_alpha(c)) return word_token();
  return symbol_token();
}

Result<Token> Lexer::string_token(char quote) {
  Token token{Token::Kind::Text, {}, at_};
  for (++at_; at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == quote) {
      ++at_;
      if (!is_valid_utf8(token.text)) return refused("A string that is not UTF-8", token.at);
      return token;
    }
    if (is_control(c)) return refused("A control character in a string", at_);
    if (c == '\\') {
      ++at_;
      c = at_ < text_.size() ? text_[at_] : '\0';
      if (c != '"' && c != '\'' && c != '`' && c != '\\') return refused("An unknown escape", at_);
    }
    token.text.push_back(c);
  }
  return refused("A string without its end", token.at);
}

Token Lexer::number_token() {
  const std::size_t from = at_++;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
    ++at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  }
  return Token{Token::Kind::Number, std::string{text_.substr(from, at_ - from)}, from};
}

Token Lexer::word_token() {
  const std::size_t from = at_;
  while (at_ < text_.size() && is_word(text_[at_])) ++at_;
  return Token{Token::Kind::Word, std::string{text_.substr(from, at_ - from)}, from};
}

Result<Token> Lexer::symbol_token() {
  const std::string_view rest = text_.substr(at_);
  for (const std::string_view symbol : {"==", "!=", "<=", ">=", "=", "<", ">", "(", ")", ","}) {
    if (!rest.starts_with(symbol)) continue;
    const std::size_t from = at_;
    at_ += symbol.size();
    return Token{Token::Kind::Symbol, std::string{symbol}, from};
  }
  return refused("An unexpected character", at_);
}

}  // namespace cardstock::simulator
