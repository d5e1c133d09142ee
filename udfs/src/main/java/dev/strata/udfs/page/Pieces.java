package dev.strata.udfs.page;

import java.util.List;

/** Pieces one after another. */
record Pieces(List<Markup> pieces) implements Markup {

  @Override
  public void appendTo(StringBuilder html) {
    pieces.forEach(piece -> piece.appendTo(html));
  }
}
