package dev.strata.udfs.jinja;

import java.util.List;

/** The tokens of a template, with a place in them. */
final class TokenStream {
  private final List<Token> tokens;
  private int position;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(position);
  }

  Token following() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = current();
    if (token.type() != TokenType.END) {
      position++;
    }
    return token;
  }

  int line() {
    return current().line();
  }

  boolean at(TokenType type) {
    return current().type() == type;
  }

  boolean atOperator(String operator) {
    return current().isOperator(operator);
  }

  boolean atName(String name) {
    return current().isName(name);
  }

  boolean skipOperator(String operator) {
    boolean found = atOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipName(String name) {
    boolean found = atName(name);
    if (found) {
      next();
    }
    return found;
  }

  Token expect(TokenType type, String description) {
    if (!at(type)) {
      throw expected(description);
    }
    return next();
  }

  String expectName() {
    return expect(TokenType.NAME, "name").text();
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw expected("'" + operator + "'");
    }
  }

  void expectKeyword(String name) {
    if (!skipName(name)) {
      throw expected("'" + name + "'");
    }
  }

  private TemplateException expected(String description) {
    return error("expected " + description + ", got '" + current().describe() + "'");
  }

  TemplateException error(String message) {
    return new TemplateException(message, line());
  }
}
