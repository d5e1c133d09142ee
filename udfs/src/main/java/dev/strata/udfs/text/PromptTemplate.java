package dev.strata.udfs.text;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text with {@code {{column}}} placeholders, white space inside the braces allowed. Two braces
 * that open no placeholder are written as four: <code>{{{{</code>; closing braces outside a
 * placeholder stand for themselves. A column's name is taken as it is, dots, spaces and case
 * included; braces cannot be in it. Placeholders in a row's values are text like any other.
 */
public final class PromptTemplate {

  private static final String OPENING = "{{";
  private static final String ESCAPED = "{{{{";
  private static final Pattern ESCAPE_OR_PLACEHOLDER =
      Pattern.compile("\\{\\{\\{\\{|\\{\\{\\s*([^{}]*[^{}\\s])\\s*}}");

  /** Literal text, and the column that follows it; null after the last text. */
  private record Piece(String literal, String column) {}

  private final List<Piece> pieces;

  private PromptTemplate(List<Piece> pieces) {
    this.pieces = pieces;
  }

  /**
   * Reads a template.
   *
   * @throws StrataException if two opening braces are neither a placeholder nor doubled
   */
  public static PromptTemplate parse(String template) {
    List<Piece> pieces = new ArrayList<>();
    StringBuilder literal = new StringBuilder();
    Matcher matcher = ESCAPE_OR_PLACEHOLDER.matcher(template);
    int end = 0;
    while (matcher.find()) {
      literal.append(checkedLiteral(template.substring(end, matcher.start())));
      end = matcher.end();
      if (matcher.group(1) == null) {
        literal.append(OPENING);
      } else {
        pieces.add(new Piece(literal.toString(), matcher.group(1)));
        literal.setLength(0);
      }
    }
    literal.append(checkedLiteral(template.substring(end)));
    pieces.add(new Piece(literal.toString(), null));
    return new PromptTemplate(pieces);
  }

  /** The template that renders to exactly this text. */
  public static String escape(String literal) {
    return literal.replace(OPENING, ESCAPED);
  }

  private static String checkedLiteral(String text) {
    int braces = text.indexOf(OPENING);
    if (braces >= 0) {
      throw StrataException.usage(
          "the prompt has '{{' that opens no placeholder, at '%s': a placeholder is {{column}}, and"
              + " two braces are written as four, '{{{{'",
          text.substring(braces, Math.min(text.length(), braces + 20)));
    }
    return text;
  }

  /**
   * The template's own text, with something else in the place of each placeholder.
   *
   * @param placeholder the text of a template, given a placeholder's name
   */
  String with(UnaryOperator<String> placeholder) {
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces) {
      text.append(escape(piece.literal()));
      if (piece.column() != null) {
        text.append(placeholder.apply(piece.column()));
      }
    }
    return text.toString();
  }

  /** The columns that the template needs, in the order of their first placeholders. */
  public Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>();
    for (Piece piece : pieces) {
      if (piece.column() != null) {
        columns.add(piece.column());
      }
    }
    return columns;
  }

  /**
   * Checks, once for a run, that the input has what the template needs.
   *
   * @throws StrataException if a column is not there
   */
  public void checkColumns(Collection<String> available) {
    for (String column : columns()) {
      if (!available.contains(column)) {
        throw StrataException.usage(
            "the prompt names the column '%s', which the input does not have; its columns are %s",
            column, String.join(", ", available));
      }
    }
  }

  /**
   * The text for one row.
   *
   * @param row the row's value of a column
   * @throws RowException if a value is null or blank
   */
  public String render(Function<String, Object> row) {
    return render(row, UnaryOperator.identity());
  }

  /** As {@link #render(Function)}, with something done to each value's text. */
  public String render(Function<String, Object> row, UnaryOperator<String> own) {
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces) {
      text.append(piece.literal());
      if (piece.column() != null) {
        text.append(own.apply(value(piece.column(), row)));
      }
    }
    return text.toString();
  }

  private static String value(String column, Function<String, Object> row) {
    Object value = row.apply(column);
    if (value == null) {
      throw new RowException("column '" + column + "' is null");
    }
    String text = value.toString();
    if (text.isBlank()) {
      throw new RowException("column '" + column + "' is empty");
    }
    return text;
  }
}
