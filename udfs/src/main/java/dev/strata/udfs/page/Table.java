package dev.strata.udfs.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A table. What is long in it is broken into lines, so that none is cut. */
public final class Table {

  /**
   * A column.
   *
   * @param isNumber whether it has figures, which are aligned to the right and never broken
   */
  public record Column(String name, boolean isNumber) {

    /** A column of texts. */
    public static Column text(String name) {
      return new Column(name, false);
    }

    /** A column of figures. */
    public static Column number(String name) {
      return new Column(name, true);
    }

    private Element cell(String element, Markup content) {
      Element cell = Element.of(element, content);
      return isNumber ? cell.styled("number") : cell;
    }
  }

  private final List<Column> columns;
  private final List<Markup> rows = new ArrayList<>();

  private Table(List<Column> columns) {
    this.columns = columns;
  }

  /** A table without rows. */
  public static Table of(Column... columns) {
    return new Table(List.of(columns));
  }

  /**
   * Adds a row.
   *
   * @throws IllegalArgumentException if it has not a cell for each column
   */
  public Table row(Markup... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(
          "%d cells for %d columns".formatted(cells.length, columns.size()));
    }
    Element row = Element.of("tr");
    for (int i = 0; i < cells.length; i++) {
      row = row.add(columns.get(i).cell("td", cells[i]));
    }
    rows.add(row);
    return this;
  }

  /** Adds a row of texts. */
  public Table row(String... cells) {
    return row(Arrays.stream(cells).map(Markup::text).toArray(Markup[]::new));
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  /** The table. */
  public Markup markup() {
    Element head = Element.of("tr");
    for (Column column : columns) {
      Element name = column.cell("th", Markup.text(column.name()));
      head = head.add(name.with("scope", "col"));
    }
    return Element.of(
            "table", Element.of("thead", head), Element.of("tbody", rows.toArray(Markup[]::new)))
        .styled("figures");
  }
}
