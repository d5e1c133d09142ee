package dev.strata.udfs.page;

import java.util.List;
import java.util.stream.Stream;

/**
 * A piece of a page. It is made of elements and texts alone; a text comes out as it went in,
 * whatever characters it has.
 */
public sealed interface Markup permits Element, Text, Pieces, StyleSheet {

  /** A piece without anything, which others that have nothing equal. */
  static Markup nothing() {
    return new Pieces(List.of());
  }

  /** A text as people will read it. */
  static Markup text(String text) {
    return new Text(text);
  }

  /** Pieces one after another. */
  static Markup of(Markup... pieces) {
    return of(Stream.of(pieces));
  }

  /** Pieces one after another. */
  static Markup of(Stream<? extends Markup> pieces) {
    return new Pieces(
        pieces.<Markup>map(piece -> piece).filter(piece -> !piece.equals(nothing())).toList());
  }

  /** Writes the piece behind what is there. */
  void appendTo(StringBuilder html);

  /** As HTML. */
  default String html() {
    StringBuilder html = new StringBuilder();
    appendTo(html);
    return html.toString();
  }
}
