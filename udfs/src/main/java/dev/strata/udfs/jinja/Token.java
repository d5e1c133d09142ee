package dev.strata.udfs.jinja;

/**
 * A piece of a template's source.
 *
 * @param text the name, the operator, the text between tags, or the decoded string literal
 * @param number the value of a numeric literal, otherwise null
 */
record Token(TokenType type, String text, Number number, int line) {

  boolean isOperator(String operator) {
    return type == TokenType.OPERATOR && text.equals(operator);
  }

  boolean isName(String name) {
    return type == TokenType.NAME && text.equals(name);
  }

  /** How errors name this token. */
  String describe() {
    return switch (type) {
      case DATA -> "template data / text";
      case BLOCK_BEGIN -> "begin of statement block";
      case BLOCK_END -> "end of statement block";
      case VARIABLE_BEGIN -> "begin of print statement";
      case VARIABLE_END -> "end of print statement";
      case END -> "end of template";
      default -> text;
    };
  }
}
