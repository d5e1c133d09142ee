package dev.strata.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.strata.job.report.RunComparison.Errors;
import dev.strata.job.report.RunComparison.Figure;
import dev.strata.job.report.RunComparison.Texts;
import dev.strata.udfs.page.Element;
import dev.strata.udfs.page.Facts;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.page.Markup;
import dev.strata.udfs.page.Page;
import dev.strata.udfs.page.Table;
import dev.strata.udfs.page.Table.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Two runs beside each other, for a person and for programs. */
public final class ComparisonReport {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Side a;
  private final Side b;
  private final RunComparison comparison;

  /**
   * One of the two.
   *
   * @param place where its report was found
   */
  public record Side(String place, KeptRun run) {}

  public ComparisonReport(Side a, Side b) {
    this.a = a;
    this.b = b;
    this.comparison = RunComparison.of(a.run(), b.run());
  }

  /** Some lines for the console. */
  public String text() {
    List<String> lines = new ArrayList<>();
    lines.add("A  " + head(a));
    lines.add("B  " + head(b));
    lines.add(line("", "A", "B", ""));
    for (Figure figure : comparison.figures()) {
      lines.add(line(figure.name(), figure.textOfA(), figure.textOfB(), figure.changeText()));
    }
    if (!comparison.errors().isEmpty()) {
      lines.add("errors");
      for (Errors errors : comparison.errors()) {
        lines.add(line("", count(errors.a()), count(errors.b()), errors.error()));
      }
    }
    addTexts(lines, "options that differ", comparison.options());
    addTexts(lines, "versions and machines that differ", comparison.environment());
    return String.join(System.lineSeparator(), lines);
  }

  private static String head(Side side) {
    return "%s: %s, %s"
        .formatted(side.place(), RunPage.title(side.run()), RunPage.subtitle(side.run()));
  }

  private static String count(long rows) {
    return rows == 0 ? RunComparison.NONE : Figures.count(rows);
  }

  /** A name, both figures, and by how much they differ. */
  private static String line(String name, String a, String b, String more) {
    return String.format(Locale.ROOT, "  %-26s %14s %14s  %s", name, a, b, more).stripTrailing();
  }

  /** Values may be long, so that each has a line of its own. */
  private static void addTexts(List<String> lines, String heading, Map<String, Texts> different) {
    if (different.isEmpty()) {
      return;
    }
    lines.add(heading);
    different.forEach(
        (name, texts) -> {
          lines.add("  " + name);
          lines.add("    A  " + texts.shownA());
          lines.add("    B  " + texts.shownB());
        });
  }

  /** The same as JSON. */
  public String json() {
    ObjectNode json = JSON.createObjectNode();
    add(json.putObject("a"), a);
    add(json.putObject("b"), b);
    ObjectNode figures = json.putObject("figures");
    for (Figure figure : comparison.figures()) {
      ObjectNode both = figures.putObject(figure.key()).put("a", figure.a()).put("b", figure.b());
      if (figure.a() != 0) {
        both.put("change", figure.change());
      }
    }
    ArrayNode errors = json.putArray("errors");
    for (Errors kind : comparison.errors()) {
      errors.addObject().put("error", kind.error()).put("a", kind.a()).put("b", kind.b());
    }
    add(json.putObject("options"), comparison.options());
    add(json.putObject("environment"), comparison.environment());
    try {
      return JSON.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts and numbers is always JSON", e);
    }
  }

  private static void add(ObjectNode json, Side side) {
    json.put("place", side.place()).put("command", side.run().command());
    json.put("status", side.run().status()).put("started", side.run().started().toString());
  }

  private static void add(ObjectNode json, Map<String, Texts> different) {
    different.forEach(
        (name, texts) -> json.putObject(name).put("a", texts.a()).put("b", texts.b()));
  }

  /** The same as a page in one file. */
  public String html() {
    List<Markup> parts = new ArrayList<>();
    parts.add(Element.of("h1", "Two runs beside each other"));
    parts.add(new Facts().add("A", head(a)).add("B", head(b)).markup());
    parts.add(section("Figures", figures()));
    parts.add(section("Tokens per second", beside(rates("A", a), rates("B", b))));
    parts.add(section("Where the time in sweeps went", beside(times("A", a), times("B", b))));
    if (!comparison.errors().isEmpty()) {
      parts.add(section("Errors", errors()));
    }
    addTable(parts, "Options that differ", "option", comparison.options());
    addTable(parts, "Versions and machines that differ", "of", comparison.environment());
    return Page.html("Strata: two runs", parts.toArray(Markup[]::new));
  }

  private static Markup section(String heading, Markup... content) {
    return Element.of("section", Element.of("h2", heading)).add(content);
  }

  private static Markup beside(Markup one, Markup other) {
    return Element.of("div", one, other).styled("beside");
  }

  private Markup figures() {
    Table table =
        Table.of(
            Column.text(""), Column.number("A"), Column.number("B"), Column.number("B against A"));
    for (Figure figure : comparison.figures()) {
      table.row(figure.name(), figure.textOfA(), figure.textOfB(), figure.changeText());
    }
    return table.markup();
  }

  private static Markup rates(String name, Side side) {
    return named(name, RunPage.rates(side.run().figures()));
  }

  private static Markup times(String name, Side side) {
    return named(name, RunPage.timeParts(side.run().figures()));
  }

  private static Markup named(String name, Markup drawing) {
    Markup shown = drawing.equals(Markup.nothing()) ? Element.of("p", "not known") : drawing;
    return Element.of("div", Element.of("h3", name), shown);
  }

  private Markup errors() {
    Table table = Table.of(Column.text("error"), Column.number("A"), Column.number("B"));
    for (Errors kind : comparison.errors()) {
      table.row(kind.error(), count(kind.a()), count(kind.b()));
    }
    return table.markup();
  }

  private static void addTable(
      List<Markup> parts, String heading, String what, Map<String, Texts> different) {
    if (different.isEmpty()) {
      return;
    }
    Table table = Table.of(Column.text(what), Column.text("A"), Column.text("B"));
    different.forEach((name, texts) -> table.row(name, texts.shownA(), texts.shownB()));
    parts.add(section(heading, table.markup()));
  }
}
