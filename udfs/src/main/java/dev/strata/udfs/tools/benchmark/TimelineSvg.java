package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.Span;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A sweep's lanes drawn along the time: what works is a block, what waits is blank. Work that
 * overlaps within a lane has rows of its own.
 */
final class TimelineSvg {

  private static final int WIDTH = 1600;
  private static final int LEFT = 110;
  private static final int RIGHT = 30;
  private static final int TOP = 64;
  private static final int ROW_HEIGHT = 34;
  private static final int LANE_GAP = 14;
  private static final int LEGEND_HEIGHT = 34;
  private static final int AXIS_HEIGHT = 34;
  private static final int PLOT = WIDTH - LEFT - RIGHT;
  private static final int MOST_BLOCKS = 3000;
  private static final int MOST_ROWS = 4;
  private static final int MOST_TICKS = 12;
  private static final double CHARACTER_WIDTH = 6.2;
  private static final String MIXED = "several";

  private static final List<String> COLOURS =
      List.of(
          "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee9944", "#7766bb",
          "#999933", "#88aacc", "#cc88bb", "#775533", "#44aa99", "#334477");
  private static final String OTHER_COLOUR = "#777777";
  private static final String DARK = "#111111";

  /** Work of a row, from and to a time in nanoseconds from the sweep's start. */
  private record Block(String label, double from, double to) {}

  private record Row(LaneKind lane, List<Block> blocks) {}

  private final String title;
  private final String subtitle;
  private final Sweep sweep;
  private final double nanos;
  private final List<Row> rows = new ArrayList<>();
  private final List<String> labels;

  private TimelineSvg(String title, String subtitle, Sweep sweep) {
    this.title = title;
    this.subtitle = subtitle;
    this.sweep = sweep;
    this.nanos = Math.max(1, sweep.figures().nanos());
    long start = sweep.start();
    long end = sweep.end();
    for (LaneKind lane : LaneKind.values()) {
      List<Block> blocks =
          sweep.figures().spans().stream()
              .filter(span -> span.lane() == lane)
              .filter(span -> span.endNanos() > start && span.startNanos() < end)
              .map(span -> block(span, start))
              .sorted(Comparator.comparingDouble(Block::from))
              .toList();
      stacked(blocks).forEach(row -> rows.add(new Row(lane, row)));
    }
    thin();
    this.labels = blocks().map(Block::label).distinct().sorted().toList();
  }

  /**
   * Draws a traced sweep.
   *
   * @param title the first line
   * @param subtitle the second
   */
  static String of(String title, String subtitle, Sweep sweep) {
    return new TimelineSvg(title, subtitle, sweep).draw();
  }

  private Block block(Span span, long start) {
    double from = Math.max(0, span.startNanos() - start);
    return new Block(span.label(), from, Math.min(nanos, (double) (span.endNanos() - start)));
  }

  /** Rows without overlaps; a lane without work has one, and none has more than fit the eye. */
  private static List<List<Block>> stacked(List<Block> blocks) {
    List<List<Block>> rows = new ArrayList<>();
    rows.add(new ArrayList<>());
    for (Block block : blocks) {
      List<Block> row = rows.stream().filter(r -> isFree(r, block.from())).findFirst().orElse(null);
      if (row == null && rows.size() < MOST_ROWS) {
        row = new ArrayList<>();
        rows.add(row);
      }
      (row == null ? rows.get(MOST_ROWS - 1) : row).add(block);
    }
    return rows;
  }

  private static boolean isFree(List<Block> row, double from) {
    return row.isEmpty() || row.get(row.size() - 1).to() <= from;
  }

  /** Joins neighbours that are closer than a pixel, and farther ones while there are too many. */
  private void thin() {
    double gap = nanos / PLOT;
    join(gap, false);
    for (; blocks().count() > MOST_BLOCKS; gap *= 2) {
      join(gap, true);
    }
  }

  private Stream<Block> blocks() {
    return rows.stream().flatMap(row -> row.blocks().stream());
  }

  private void join(double gap, boolean anyLabel) {
    rows.replaceAll(row -> new Row(row.lane(), joined(row.blocks(), gap, anyLabel)));
  }

  private static List<Block> joined(List<Block> blocks, double gap, boolean anyLabel) {
    List<Block> joined = new ArrayList<>();
    for (Block block : blocks) {
      Block last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      boolean same = last != null && last.label().equals(block.label());
      if (last != null && block.from() - last.to() < gap && (same || anyLabel)) {
        String label = same ? block.label() : MIXED;
        joined.set(
            joined.size() - 1, new Block(label, last.from(), Math.max(last.to(), block.to())));
      } else {
        joined.add(block);
      }
    }
    return joined;
  }

  private String draw() {
    StringBuilder plot = new StringBuilder();
    int y = TOP;
    LaneKind lane = null;
    for (Row row : rows) {
      if (row.lane() != lane) {
        y += lane == null ? 0 : LANE_GAP;
        lane = row.lane();
        name(plot, lane, y);
      }
      row(plot, row, y);
      y += ROW_HEIGHT;
    }
    axis(plot, y);
    legend(plot, y + AXIS_HEIGHT + 16);
    return document(plot, y + AXIS_HEIGHT + LEGEND_HEIGHT + 6);
  }

  private void name(StringBuilder svg, LaneKind lane, int y) {
    double busy = 100 * sweep.times(lane).busy() / (nanos / 1e6);
    text(svg, LEFT - 12, y + 15, 15, DARK, "end", lane.name().toLowerCase(Locale.ROOT));
    text(svg, LEFT - 12, y + 29, 11, DARK, "end", String.format(Locale.ROOT, "%.0f %% busy", busy));
  }

  private String document(StringBuilder plot, int height) {
    StringBuilder svg = new StringBuilder();
    line(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\">",
        WIDTH,
        height,
        WIDTH,
        height);
    line(svg, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", WIDTH, height);
    text(svg, LEFT, 24, 17, DARK, "start", title);
    text(svg, LEFT, 46, 13, DARK, "start", subtitle);
    return svg.append(plot).append("</svg>\n").toString();
  }

  private void row(StringBuilder svg, Row row, int y) {
    line(
        svg,
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f2f2f2\"/>",
        LEFT,
        y + 2,
        PLOT,
        ROW_HEIGHT - 4);
    for (Block block : row.blocks()) {
      double x = x(block.from());
      double width = Math.max(0.3, x(block.to()) - x);
      line(
          svg,
          "<rect class=\"work\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>",
          x,
          y + 2,
          width,
          ROW_HEIGHT - 4,
          colour(block.label()));
      if (block.label().length() * CHARACTER_WIDTH + 8 < width) {
        text(svg, x + width / 2, y + ROW_HEIGHT * 0.62, 11, "#ffffff", "middle", block.label());
      }
    }
  }

  private double x(double time) {
    return LEFT + time / nanos * PLOT;
  }

  private String colour(String label) {
    int index = labels.indexOf(label);
    return index >= COLOURS.size() || label.equals(MIXED) ? OTHER_COLOUR : COLOURS.get(index);
  }

  private void axis(StringBuilder svg, int y) {
    double step = step(nanos / 1e6);
    for (double at = 0; at <= nanos / 1e6 * 1.0001; at += step) {
      double x = x(at * 1e6);
      line(
          svg,
          "<line x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\" stroke=\"#555555\""
              + " stroke-opacity=\"0.35\"/>",
          x,
          TOP,
          x,
          y + 6);
      text(svg, x, y + 22, 12, DARK, "middle", label(at, step) + " ms");
    }
  }

  private static String label(double at, double step) {
    return String.format(Locale.ROOT, step < 1 ? "%.2f" : "%.0f", at);
  }

  /** 1, 2 or 5 times a power of ten, so that the ticks are not too many. */
  private static double step(double milliseconds) {
    double power = Math.pow(10, Math.floor(Math.log10(milliseconds / MOST_TICKS)));
    for (int factor : new int[] {1, 2, 5}) {
      if (milliseconds / (factor * power) <= MOST_TICKS) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private void legend(StringBuilder svg, int y) {
    double x = LEFT;
    for (String label : labels) {
      line(
          svg,
          "<rect x=\"%.1f\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>",
          x,
          y - 10,
          colour(label));
      text(svg, x + 17, y + 1, 12, DARK, "start", label);
      x += 17 + label.length() * 7.5 + 22;
    }
  }

  private static void text(
      StringBuilder svg, double x, double y, int size, String colour, String anchor, String text) {
    line(
        svg,
        "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" text-anchor=\"%s\" fill=\"%s\">%s</text>",
        x,
        y,
        size,
        anchor,
        colour,
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
  }

  private static void line(StringBuilder svg, String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
