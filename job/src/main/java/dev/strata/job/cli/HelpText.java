package dev.strata.job.cli;

import dev.strata.job.run.Task;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The help of a command that runs: two examples, what is required, then the rest in groups. */
final class HelpText {

  /** A heading and what is under it. */
  private record Group(String heading, Predicate<ConfKey<?>> keys) {

    static Group of(String heading, ConfKey<?>... keys) {
      return new Group(heading, List.of(keys)::contains);
    }
  }

  private static final String GENERATED = "What is generated";

  private static final List<Group> GROUPS =
      List.of(
          Group.of(
              "Required",
              StrataKeys.MODEL,
              StrataKeys.INPUT,
              StrataKeys.OUTPUT,
              StrataKeys.TO_LANGUAGE),
          Group.of(
              "Which rows",
              StrataKeys.INPUT_FORMAT,
              StrataKeys.INPUT_OPTIONS,
              StrataKeys.WHERE,
              StrataKeys.LIMIT,
              StrataKeys.ID_COLUMN),
          Group.of(
              "What is asked",
              StrataKeys.TEXT_COLUMN,
              StrataKeys.PROMPT,
              StrataKeys.SYSTEM,
              StrataKeys.MESSAGES_COLUMN,
              StrataKeys.CHAT_TEMPLATE_NAME,
              StrataKeys.CHAT_TEMPLATE_KWARGS,
              StrataKeys.LONG_PROMPTS,
              StrataKeys.ROW_OPTIONS),
          Group.of(
              "What is written",
              StrataKeys.COLUMNS,
              StrataKeys.OUTPUT_FORMAT,
              StrataKeys.OUTPUT_OPTIONS,
              StrataKeys.MODE,
              StrataKeys.PARTITION_BY,
              StrataKeys.INCREMENTAL,
              StrataKeys.LOCK),
          Group.of(
              "What is read",
              StrataKeys.SCORE_TOKENS,
              StrataKeys.SCORE_WINDOW,
              StrataKeys.SCORE_STRIDE,
              StrataKeys.EMBED_POOLING,
              StrataKeys.EMBED_NORMALIZE),
          new Group(GENERATED, HelpText::isOfNoOther),
          Group.of(
              "The run",
              StrataKeys.DRY_RUN,
              StrataKeys.PROGRESS,
              StrataKeys.REPORT,
              StrataKeys.REPORT_DIR,
              StrataKeys.PARTITIONS,
              StrataKeys.MAX_ERROR_RATE,
              StrataKeys.FRESH,
              StrataKeys.JOURNAL_INTERVAL,
              StrataKeys.JOURNAL_DIR),
          new Group("The machine", HelpText::isOfMachine));

  private static final List<ConfKey<?>> OF_JOURNALS =
      List.of(StrataKeys.JOURNAL_DIR, StrataKeys.JOURNAL_INTERVAL, StrataKeys.FRESH);

  private static final List<String> OF_MACHINES =
      List.of(
          "model",
          "device",
          "host",
          "weights",
          "compute",
          "kv",
          "tile",
          "io",
          "wave",
          "microbatch",
          "threads",
          "idle",
          "readAhead",
          "row.tokens");

  /** What follows the model, which is the same in all. */
  private static final Map<Task, List<String>> EXAMPLES =
      Map.of(
          Task.GENERATE,
          List.of(
              "--input tickets.csv --output labels.csv --prompt 'Label this ticket: {{body}}'",
              "--input requests.jsonl --input-format openai-batch --output answers"),
          Task.SUMMARIZE,
          List.of(
              "--input articles.parquet --output summaries.parquet --text-column body",
              "--input articles.parquet --output summaries.parquet --limit 20 --dry-run"),
          Task.TRANSLATE,
          List.of(
              "--input mails.json --output french.json --to-language French",
              "--input mails.json --output french.json --to-language French --incremental"),
          Task.SCORE,
          List.of(
              "--input articles.parquet --output scores.parquet --text-column body",
              "--input choices.jsonl --output scores.jsonl --prompt 'Question: {{question}}"
                  + " Answer:' --text-column answer"),
          Task.EMBED,
          List.of(
              "--input articles.parquet --output vectors.parquet --text-column body",
              "--input articles.parquet --output vectors.parquet --embed-pooling last"));

  private HelpText() {}

  /** Lays a command's help out. */
  static void describe(CommandSpec spec, Task task) {
    UsageMessageSpec usage = spec.usageMessage();
    List<String> lines = new ArrayList<>(List.of(task.description(), "", "Examples:"));
    for (String example : EXAMPLES.get(task)) {
      lines.add("  strata " + task.word() + " --model /models/Qwen3-8B \\");
      lines.add("      " + example);
    }
    lines.add("");
    usage.header(lines.stream().map(line -> line.replace("%", "%%")).toArray(String[]::new));
    usage.sectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, HelpText::options);
  }

  private static String options(Help help) {
    List<OptionSpec> left = new ArrayList<>(help.commandSpec().options());
    StringBuilder text = new StringBuilder();
    for (Group group : GROUPS) {
      List<OptionSpec> its = left.stream().filter(option -> isIn(group, option)).toList();
      left.removeAll(its);
      text.append(section(help, group.heading(), its));
    }
    return text.append(section(help, "Help", left)).toString();
  }

  private static String section(Help help, String heading, List<OptionSpec> options) {
    if (options.isEmpty()) {
      return "";
    }
    Help.Layout layout = help.createDefaultLayout(options, List.of(), help.colorScheme());
    layout.addOptions(options, help.createDefaultParamLabelRenderer());
    return System.lineSeparator() + heading + ":" + System.lineSeparator() + layout;
  }

  private static boolean isIn(Group group, OptionSpec option) {
    return option.userObject() instanceof ConfKey<?> key && group.keys().test(key);
  }

  private static boolean isOfNoOther(ConfKey<?> key) {
    return GROUPS.stream()
        .filter(group -> !group.heading().equals(GENERATED))
        .noneMatch(group -> group.keys().test(key));
  }

  /** Whether a key says something of SQL functions, which have their rows from elsewhere. */
  static boolean isOfSessions(ConfKey<?> key) {
    return key.equals(StrataKeys.MODEL)
        || OF_JOURNALS.contains(key)
        || isOfMachine(key)
        || isOfNoOther(key);
  }

  private static boolean isOfMachine(ConfKey<?> key) {
    String leaf = key.name().substring("spark.strata.".length());
    return OF_MACHINES.stream().anyMatch(word -> leaf.equals(word) || leaf.startsWith(word + "."));
  }

  /** The headings, in their order. */
  static Stream<String> headings() {
    return Stream.concat(GROUPS.stream().map(Group::heading), Stream.of("Help"));
  }
}
