#pragma once
/// \file tql_lexer.hpp
/// \brief TQL text to tokens. See tql.hpp for the rules. Pure. Errors: QueryRefused.
#include <string>
#include <string_view>

#include <cardstock/util/result.hpp>

namespace cardstock::simulator {

struct Token {
  enum class Kind { Word, Text, Number, Symbol, End };
  Kind kind = Kind::End;
  std::string text;    ///< a word, number or symbol as written; a string without quotes and escapes
  std::size_t at = 0;  ///< offset in the query
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_{text} {}
  Result<Token> next();

 private:
  Result<Token> string_token(char quote);
  Token number_token();
  Token word_token();
  Result<Token> symbol_token();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace cardstock::simulator
