package dev.strata.udfs.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template's source into tokens and applies white-space control on the way: {@code -} strips
 * to the neighbouring text, a newline after a block or comment is dropped ({@code trim_blocks}),
 * and so is indentation before one ({@code lstrip_blocks}); {@code +} switches the latter two off.
 * Print statements are never trimmed by default.
 */
final class Lexer {
  private static final String SPACE = "[" + PythonText.WHITESPACE + "]*+";
  private static final Pattern RAW_BEGIN =
      Pattern.compile("\\{%[-+]?" + SPACE + "raw" + SPACE + "(?:-%\\}" + SPACE + "|%\\})");
  private static final Pattern RAW_END =
      Pattern.compile(
          "\\{%([-+]?)" + SPACE + "endraw" + SPACE + "(?:\\+%\\}|-%\\}" + SPACE + "|%\\}\n?)");
  private static final Pattern COMMENT_END = Pattern.compile("\\+#\\}|-#\\}" + SPACE + "|#\\}\n?");
  private static final Pattern BLOCK_END = Pattern.compile("\\+%\\}|-%\\}" + SPACE + "|%\\}\n?");
  private static final Pattern VARIABLE_END = Pattern.compile("-\\}\\}" + SPACE + "|\\}\\}");
  private static final String DIGITS = "\\d++(?:_\\d++)*+";
  private static final Pattern FLOAT =
      Pattern.compile(
          "(?<!\\.)"
              + DIGITS
              + "(?:(?:\\."
              + DIGITS
              + ")?[eE][-+]?"
              + DIGITS
              + "|\\."
              + DIGITS
              + ")");
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[\\da-fA-F])++"
              + "|[1-9](?:_?\\d)*+|0(?:_?0)*+");
  private static final Pattern STRING =
      Pattern.compile(
          "'[^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+'|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"",
          Pattern.DOTALL);
  private static final Pattern OPERATOR =
      Pattern.compile("\\*\\*|//|==|!=|>=|<=|[-+*/%~()\\[\\]{}.,:|=<>;]");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;
  private boolean lineStarting = true;

  Lexer(String source) {
    String text = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  List<Token> tokenize() {
    while (position < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        add(TokenType.DATA, source.substring(position));
        advanceTo(source.length());
      } else {
        tokenizeTag(tag);
      }
    }
    add(TokenType.END, "");
    return tokens;
  }

  private int nextTag() {
    for (int i = source.indexOf('{', position); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "%{#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private void tokenizeTag(int tag) {
    char kind = source.charAt(tag + 1);
    String sign = signAt(tag + 2);
    data(source.substring(position, tag), sign, kind != '{');
    advanceTo(tag);
    Matcher raw = matcherAt(RAW_BEGIN);
    if (kind == '%' && raw.lookingAt()) {
      advanceTo(raw.end());
      tokenizeRaw();
      return;
    }
    advanceTo(tag + 2 + sign.length());
    switch (kind) {
      case '#' -> skipComment();
      case '%' -> tokenizeCode(TokenType.BLOCK_BEGIN, TokenType.BLOCK_END, BLOCK_END);
      default -> tokenizeCode(TokenType.VARIABLE_BEGIN, TokenType.VARIABLE_END, VARIABLE_END);
    }
  }

  private String signAt(int index) {
    boolean signed = index < source.length() && "-+".indexOf(source.charAt(index)) >= 0;
    return signed ? source.substring(index, index + 1) : "";
  }

  /** Adds the text before a tag, as the tag's sign and kind leave it. */
  private void data(String text, String sign, boolean mayStripIndentation) {
    String kept = text;
    if (sign.equals("-")) {
      kept = PythonText.stripRight(text, null);
    } else if (sign.isEmpty() && mayStripIndentation) {
      kept = withoutIndentation(text);
    }
    if (!kept.isEmpty()) {
      add(TokenType.DATA, kept);
    }
  }

  private String withoutIndentation(String text) {
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean atLineStart = lineStart > 0 || lineStarting;
    boolean blank = PythonText.stripRight(text.substring(lineStart), null).isEmpty();
    return atLineStart && blank ? text.substring(0, lineStart) : text;
  }

  private void tokenizeRaw() {
    Matcher end = matcherAt(RAW_END);
    // Nothing at all after the opening tag is no error in jinja2.
    if (position == source.length()) {
      return;
    }
    if (!end.find()) {
      throw error("Missing end of raw directive");
    }
    data(source.substring(position, end.start()), end.group(1), true);
    advanceTo(end.end());
  }

  private void skipComment() {
    Matcher end = matcherAt(COMMENT_END);
    if (position == source.length()) {
      return;
    }
    if (!end.find()) {
      throw error("Missing end of comment tag");
    }
    advanceTo(end.end());
  }

  private void tokenizeCode(TokenType begin, TokenType end, Pattern endPattern) {
    add(begin, "");
    Deque<String> expectedClosers = new ArrayDeque<>();
    while (true) {
      Matcher endMatch = matcherAt(endPattern);
      if (expectedClosers.isEmpty() && endMatch.lookingAt()) {
        add(end, "");
        advanceTo(endMatch.end());
        return;
      }
      if (position >= source.length()) {
        throw error("Unexpected end of template");
      }
      tokenizeExpressionPart(expectedClosers);
    }
  }

  private void tokenizeExpressionPart(Deque<String> expectedClosers) {
    int code = source.codePointAt(position);
    if (PythonText.isSpace(code)) {
      advanceTo(position + 1);
    } else if (Character.isDigit(code)) {
      number();
    } else if (isNameStart(code)) {
      name();
    } else if (code == '\'' || code == '"') {
      string();
    } else {
      operator(expectedClosers);
    }
  }

  private void number() {
    Matcher floating = matcherAt(FLOAT);
    if (floating.lookingAt()) {
      String text = floating.group().replace("_", "");
      tokens.add(new Token(TokenType.FLOAT, text, Double.valueOf(text), line));
      advanceTo(floating.end());
      return;
    }
    Matcher integer = matcherAt(INTEGER);
    if (!integer.lookingAt()) {
      throw unexpectedCharacter();
    }
    String text = integer.group().replace("_", "");
    try {
      tokens.add(
          new Token(TokenType.INTEGER, text, integerValue(text.toLowerCase(Locale.ROOT)), line));
    } catch (TemplateException e) {
      throw e.atLine(line);
    }
    advanceTo(integer.end());
  }

  private static Number integerValue(String text) {
    int radix =
        text.startsWith("0x") ? 16 : text.startsWith("0o") ? 8 : text.startsWith("0b") ? 2 : 10;
    return Numbers.parse(radix == 10 ? text : text.substring(2), radix);
  }

  private void name() {
    int end = position;
    while (end < source.length() && isNamePart(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    add(TokenType.NAME, source.substring(position, end));
    advanceTo(end);
  }

  private static boolean isNameStart(int code) {
    return code == '_' || Character.isUnicodeIdentifierStart(code);
  }

  private static boolean isNamePart(int code) {
    return isNameStart(code)
        || (Character.isUnicodeIdentifierPart(code) && !Character.isIdentifierIgnorable(code));
  }

  private void string() {
    Matcher literal = matcherAt(STRING);
    if (!literal.lookingAt()) {
      throw unexpectedCharacter();
    }
    String quoted = literal.group();
    try {
      add(TokenType.STRING, StringLiteral.decode(quoted.substring(1, quoted.length() - 1)));
    } catch (IllegalArgumentException e) {
      throw error("invalid escape in string: " + e.getMessage());
    }
    advanceTo(literal.end());
  }

  private void operator(Deque<String> expectedClosers) {
    Matcher match = matcherAt(OPERATOR);
    if (!match.lookingAt()) {
      throw unexpectedCharacter();
    }
    String operator = match.group();
    switch (operator) {
      case "(" -> expectedClosers.push(")");
      case "[" -> expectedClosers.push("]");
      case "{" -> expectedClosers.push("}");
      case ")", "]", "}" -> close(operator, expectedClosers);
      default -> {}
    }
    add(TokenType.OPERATOR, operator);
    advanceTo(match.end());
  }

  private void close(String closer, Deque<String> expectedClosers) {
    if (expectedClosers.isEmpty()) {
      throw error("unexpected '" + closer + "'");
    }
    String expected = expectedClosers.pop();
    if (!expected.equals(closer)) {
      throw error("unexpected '" + closer + "', expected '" + expected + "'");
    }
  }

  private Matcher matcherAt(Pattern pattern) {
    // Transparent bounds let the look-behind of a float see the dot of "x.1.2".
    return pattern.matcher(source).region(position, source.length()).useTransparentBounds(true);
  }

  private void advanceTo(int end) {
    for (int i = position; i < end; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    lineStarting = end > 0 && source.charAt(end - 1) == '\n';
    position = end;
  }

  private void add(TokenType type, String text) {
    tokens.add(new Token(type, text, null, line));
  }

  private TemplateException unexpectedCharacter() {
    return error("unexpected char '" + Character.toString(source.codePointAt(position)) + "'");
  }

  private TemplateException error(String message) {
    return new TemplateException(message, line);
  }
}
