package dev.strata.job.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Cuts a text into statements at the semicolons that are neither quoted nor in a comment, as
 * Spark's lexer sees both: quotes of three kinds, a backslash before the next character in two of
 * them, comments to the end of a line and comments in brackets, which may be nested. A script
 * between {@code BEGIN} and {@code END} is one statement.
 */
final class SqlStatements {

  private static final Pattern SCRIPT =
      Pattern.compile("\\s*BEGIN\\b.*", Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

  private final String text;
  private final List<String> statements = new ArrayList<>();
  private int begin;
  private int at;
  private boolean hasWords;

  private SqlStatements(String text) {
    this.text = text;
  }

  /** A text's statements, without those that are empty but for comments. */
  static List<String> of(String text) {
    return SCRIPT.matcher(text).matches() ? List.of(text.strip()) : new SqlStatements(text).cut();
  }

  /** Whether the last statement of a text ends with a semicolon, so that nothing of it follows. */
  static boolean isComplete(String text) {
    SqlStatements statements = new SqlStatements(text);
    statements.scan();
    return !statements.hasWords;
  }

  private List<String> cut() {
    scan();
    end();
    return statements;
  }

  private void scan() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\'' || c == '"' || c == '`') {
        hasWords = true;
        skipQuoted(c);
      } else if (text.startsWith("--", at)) {
        skipLine();
      } else if (text.startsWith("/*", at)) {
        skipBrackets();
      } else if (c == ';') {
        end();
        at++;
        begin = at;
      } else {
        hasWords |= !Character.isWhitespace(c);
        at++;
      }
    }
  }

  private void end() {
    if (hasWords) {
      statements.add(text.substring(begin, at).strip());
    }
    hasWords = false;
  }

  private void skipQuoted(char quote) {
    at++;
    while (at < text.length() && text.charAt(at) != quote) {
      at += text.charAt(at) == '\\' && quote != '`' ? 2 : 1;
    }
    at = Math.min(at + 1, text.length());
  }

  private void skipLine() {
    int end = text.indexOf('\n', at);
    at = end < 0 ? text.length() : end + 1;
  }

  private void skipBrackets() {
    int depth = 0;
    do {
      if (text.startsWith("/*", at)) {
        depth++;
        at += 2;
      } else if (text.startsWith("*/", at)) {
        depth--;
        at += 2;
      } else {
        at++;
      }
    } while (depth > 0 && at < text.length());
    at = Math.min(at, text.length());
  }
}
