package dev.strata.job.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.JournalSummary;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Where a run and its output stand, for a person and for programs.
 *
 * @param output where rows go
 * @param now the time at which somebody looked
 * @param holder who has the output's place; empty if nobody has
 * @param counted what the output's rows say of themselves; empty where they were not read
 * @param isThere whether a run has come to its end and its rows are there
 * @param runs the runs that they are of
 * @param journal of a run that goes on, or did not come to its end; empty if there is none
 * @param remains what else runs left or have, with what becomes of it, by path
 * @param retry the command that asks failed rows again
 */
public record StatusReport(
    String output,
    Instant now,
    Optional<Holder> holder,
    Optional<Counted> counted,
    boolean isThere,
    KeptRuns runs,
    Optional<Journal> journal,
    Map<String, String> remains,
    String retry) {

  /**
   * Who has an output's place.
   *
   * @param silent since when nothing was heard of it
   * @param isDead whether it has ended without giving the place back
   */
  public record Holder(String who, Duration silent, boolean isDead) {}

  /** How many rows there are, and why some have errors. */
  public record Counted(long rows, ErrorReasons errors) {}

  /**
   * The journal of a run.
   *
   * @param run that run; empty if the journal does not say
   * @param command the command that started it, and continues it
   */
  public record Journal(
      String place, JournalSummary contents, Optional<KeptRun> run, Optional<String> command) {}

  /** In one word. */
  public enum State {
    /** A run has the output's place. */
    RUNNING,
    /** A run has come to its end, and no run is at work. */
    COMPLETE,
    /** A run was ended before its end. */
    UNFINISHED,
    /** There is nothing. */
    ABSENT
  }

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** What a run's rows depend on where nothing was said. */
  private static final List<String> UNSAID = List.of("the model's", "null", "auto", "[]");

  /** How it stands. */
  public State state() {
    if (holder.filter(run -> !run.isDead()).isPresent()) {
      return State.RUNNING;
    }
    if (isThere) {
      return State.COMPLETE;
    }
    return journal.isPresent() || holder.isPresent() || !remains.isEmpty()
        ? State.UNFINISHED
        : State.ABSENT;
  }

  /** Some lines for the console. */
  public String text() {
    List<String> lines = new ArrayList<>();
    lines.add(output + ": " + headline());
    holder.ifPresent(run -> lines.add(RunReport.line("held by", held(run))));
    if (isThere) {
      addRows(lines);
    }
    journal.ifPresent(found -> addJournal(lines, found));
    String label = "left behind";
    for (Map.Entry<String, String> left : remains.entrySet()) {
      lines.add(RunReport.line(label, left.getKey() + ": " + left.getValue()));
      label = "";
    }
    return String.join(System.lineSeparator(), lines);
  }

  private String headline() {
    return switch (state()) {
      case RUNNING ->
          "a run is at work on it" + (isThere ? "; what an earlier one wrote is there" : "");
      case COMPLETE ->
          isLaterRunUnfinished() ? "complete; a later run was ended early" : "complete";
      case UNFINISHED -> "not complete: a run was ended before its end";
      case ABSENT -> "nothing is there, and no run has begun it";
    };
  }

  private boolean isLaterRunUnfinished() {
    return journal.isPresent() && !isOfTheOutput(journal.get());
  }

  /** As it stays where a run is killed just after its output was complete. */
  private boolean isOfTheOutput(Journal found) {
    return found.run().isPresent()
        && runs.last().isPresent()
        && found.run().get().started().equals(runs.last().get().started());
  }

  private static String held(Holder run) {
    return run.isDead()
        ? "nobody any more: %s has ended; the next run takes over".formatted(run.who())
        : "%s, last heard of %d seconds ago".formatted(run.who(), run.silent().toSeconds());
  }

  private void addRows(List<String> lines) {
    runs.last().ifPresent(run -> addRun(lines, run));
    for (String name : runs.damaged()) {
      lines.add(
          RunReport.line(
              "record", "%s is damaged; what run it tells of is not known".formatted(name)));
    }
    if (runs.last().isEmpty() && runs.damaged().isEmpty() && counted.isEmpty()) {
      lines.add(
          RunReport.line(
              "record", "none: what run it is of, and whether rows failed, is not known"));
    }
    counted.ifPresent(
        rows -> {
          lines.add(RunReport.line("rows", Figures.count(rows.rows())));
          RunReport.addErrors(lines, rows.errors());
        });
    for (KeptRun run : runs.before()) {
      lines.add(RunReport.line("added to", run(run) + ", " + rows(run)));
    }
    if (failedRows() > 0) {
      lines.add(RunReport.line("ask them again", retry));
    }
  }

  private long failedRows() {
    long ofRuns =
        runs.last().stream().mapToLong(run -> run.errors().rows()).sum()
            + runs.before().stream().mapToLong(run -> run.errors().rows()).sum();
    return counted.map(rows -> rows.errors().rows()).orElse(ofRuns);
  }

  private void addRun(List<String> lines, KeptRun run) {
    lines.add(RunReport.line("written by", run(run)));
    lines.add(RunReport.line("finished", at(run.started().plus(run.time())) + took(run)));
    addModel(lines, run);
    lines.add(RunReport.line("rows", rows(run)));
    RunReport.addErrors(lines, run.errors());
  }

  private static String took(KeptRun run) {
    return ", after " + Figures.time(run.time());
  }

  private static void addModel(List<String> lines, KeptRun run) {
    lines.add(RunReport.line("model", run.model()));
    lines.add(RunReport.line("input", run.input()));
  }

  private String run(KeptRun run) {
    return "strata %s%s, started %s"
        .formatted(run.isRetry() ? "retry-failed, of a " : "", run.command(), at(run.started()));
  }

  private static String rows(KeptRun run) {
    StringBuilder text = new StringBuilder(Figures.count(run.rows()));
    long errors = run.errors().rows();
    text.append(errors == 1 ? ", 1 with an error" : ", %,d with errors".formatted(errors));
    if (run.rowsTakenOver() > 0) {
      text.append(", %,d taken over from an earlier run".formatted(run.rowsTakenOver()));
    }
    if (run.rowsContinued() > 0) {
      text.append(", %,d continued after an interruption".formatted(run.rowsContinued()));
    }
    return text.toString();
  }

  private void addJournal(List<String> lines, Journal found) {
    if (isThere && isOfTheOutput(found)) {
      lines.add(
          RunReport.line(
              "journal",
              found.place() + " is of the run that is complete, and of no use any more"));
      return;
    }
    JournalSummary contents = found.contents();
    lines.add(RunReport.line("journal", found.place()));
    lines.add(RunReport.line("last written", at(contents.lastWritten())));
    found.run().ifPresent(run -> lines.add(RunReport.line("of", run(run))));
    found.run().ifPresent(run -> addModel(lines, run));
    if (found.run().isEmpty()) {
      said(contents.run()).ifPresent(options -> lines.add(RunReport.line("of", options)));
    }
    lines.add(RunReport.line("rows finished", finished(contents)));
    RunReport.addErrors(lines, contents.errors());
    lines.add(RunReport.line("rows begun", begun(contents)));
    if (contents.inFlight() > 0) {
      lines.add(RunReport.line("rows in flight", Figures.count(contents.inFlight())));
    }
    addDeaths(lines, contents);
    if (contents.damaged() > 0) {
      lines.add(
          RunReport.line(
              "damaged",
              Figures.count(contents.damaged()) + " segments; their rows are computed again"));
    }
    if (state() != State.RUNNING) {
      addWayOn(lines, found);
    }
  }

  private static String finished(JournalSummary contents) {
    return "%,d, %,d of them with errors".formatted(contents.finished(), contents.errors().rows());
  }

  private static String begun(JournalSummary contents) {
    return "%,d, with %,d tokens so far".formatted(contents.begun(), contents.tokens());
  }

  private static void addDeaths(List<String> lines, JournalSummary contents) {
    if (contents.faults() + contents.lost() == 0) {
      return;
    }
    lines.add(
        RunReport.line(
            "executors lost",
            "%,d died, %,d were taken away".formatted(contents.faults(), contents.lost())));
    if (contents.suspects() > 0) {
      lines.add(
          RunReport.line(
              "rows apart",
              "%,d, since executors died twice with them; %,d ended one alone, and are not asked again"
                  .formatted(contents.suspects(), contents.culprits())));
    }
  }

  private static void addWayOn(List<String> lines, Journal found) {
    lines.add(RunReport.line("to continue", found.command().orElse("give the same command again")));
    lines.add(RunReport.line("", "(with --fresh it starts over)"));
  }

  /** What rows depend on, of a journal that does not say more. */
  private static Optional<String> said(Map<String, String> run) {
    List<String> options = new ArrayList<>();
    run.forEach(
        (name, value) -> {
          if (name.startsWith("--") && !UNSAID.contains(value)) {
            options.add(name + " " + value);
          }
        });
    return options.isEmpty()
        ? Optional.empty()
        : Optional.of("a run with " + String.join(", ", options));
  }

  private String at(Instant time) {
    Duration ago = Duration.between(time, now);
    return "%s (%s ago)"
        .formatted(
            time.truncatedTo(ChronoUnit.SECONDS),
            Figures.time(ago.isNegative() ? Duration.ZERO : ago));
  }

  /** The same as JSON. */
  public String json() {
    ObjectNode json = JSON.createObjectNode();
    json.put("output", output).put("state", state().name().toLowerCase(Locale.ROOT));
    holder.ifPresent(
        run ->
            json.putObject("lock")
                .put("holder", run.who())
                .put("silentSeconds", run.silent().toSeconds())
                .put("dead", run.isDead()));
    counted.ifPresent(
        rows -> {
          json.put("rows", rows.rows());
          RunReportJson.add(json.putArray("errors"), rows.errors());
        });
    runs.last().ifPresent(run -> json.set("run", run.json()));
    ArrayNode before = json.putArray("addedTo");
    runs.before().forEach(run -> before.add(run.json()));
    ArrayNode damaged = json.putArray("damagedRecords");
    runs.damaged().forEach(damaged::add);
    journal.ifPresent(found -> add(json.putObject("journal"), found));
    ArrayNode left = json.putArray("leftBehind");
    remains.forEach((path, meaning) -> left.addObject().put("path", path).put("what", meaning));
    if (isThere && failedRows() > 0) {
      json.put("retry", retry);
    }
    try {
      return JSON.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts and numbers is always JSON", e);
    }
  }

  private static void add(ObjectNode json, Journal found) {
    JournalSummary contents = found.contents();
    json.put("place", found.place()).put("lastWritten", contents.lastWritten().toString());
    json.put("rowsFinished", contents.finished()).put("rowsBegun", contents.begun());
    json.put("tokens", contents.tokens()).put("rowsInFlight", contents.inFlight());
    json.put("executorsDied", contents.faults()).put("executorsLost", contents.lost());
    json.put("rowsApart", contents.suspects()).put("rowsNotAskedAgain", contents.culprits());
    json.put("damagedSegments", contents.damaged());
    RunReportJson.add(json.putArray("errors"), contents.errors());
    found.run().ifPresent(run -> json.set("run", run.json()));
    found.command().ifPresent(command -> json.put("command", command));
  }
}
