package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.run.Task;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StrataTest {

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "genrate | unknown command 'genrate'; did you mean 'generate'?",
        "--modell x | unknown option '--modell'; see strata --help",
        "generate --modell x | unknown option '--modell'; did you mean '--model'?",
        "generate --modle x | unknown option '--modle'; did you mean '--model'?",
        "generate --ouptut x | unknown option '--ouptut'; did you mean '--output'?",
        "hlep | unknown command 'hlep'; did you mean 'help'?",
        "help genrate | unknown command 'genrate'; did you mean 'generate'?",
        "generate --modell=x | unknown option '--modell'; did you mean '--model'?",
        "generate --frobnicate | unknown option '--frobnicate'; see strata generate --help",
        "generate rows.json | unknown argument 'rows.json'; see strata generate --help",
        "generate --model | Missing required parameter for option '--model' (<model>); see strata"
            + " generate --help",
        "generate --model a --model b | option '--model' (<model>) should be specified only once;"
            + " see strata generate --help",
        "generate --to-language French | unknown option '--to-language'; see strata generate"
            + " --help",
        "generate --top-p 2 | --top-p (spark.strata.topP) is '2'; it must be a number above 0 and"
            + " at most 1",
        "generate | --model (spark.strata.model) is missing",
        "generate --model m | --input (spark.strata.input) is missing",
        "generate --model m --input i | --output (spark.strata.output) is missing",
        "translate --model m --input i --output o | --to-language (spark.strata.toLanguage) is"
            + " missing",
        "benchmark | give either --shape or --model",
        "benchmark --shape tiny --model m | give either --shape or --model",
        "benchmark --model m --layers 2 | --layers is for models of a --shape",
        "benchmark --model m --expert-skew 1 | --expert-skew is for models of a --shape",
        "benchmark --shape tiny --expert-skew 1 | tiny has no experts, whose choice could be skewed",
        "benchmark --shape tiny-moe --expert-skew -1 | --expert-skew is -1.0; it must be between 0"
            + " and 4.0",
        "benchmark --shape tiny --prompts 0 | --prompts is 0; it must be at least 1",
        "benchmark --shape tiny --compare x | --compare is 'x'; it must be row-by-row",
        "benchmark --shape tiny --promts 3 | unknown option '--promts'; did you mean '--prompts'?",
        "generate --model m --prompt p --messages-column c | --prompt (spark.strata.prompt) and"
            + " --messages-column (spark.strata.messages.column) both say what the prompt is; give"
            + " one of the two",
        "summarize --model m --input-format openai-batch | a batch of requests says itself what to"
            + " do; use strata generate, not strata summarize",
        "generate --input-format openai-batch --row-options seed | --row-options"
            + " (spark.strata.row.options) means nothing to openai-batch, whose requests say all of"
            + " it; unset it",
        "generate --model m --input-options header | --input-options (spark.strata.input.options)"
            + " is 'header'; it must be name=value, several of them separated by commas or in a"
            + " JSON array"
      })
  void usageErrorsAreOneSentence(String line, String message) {
    assertThat(run(line.split(" "))).isEqualTo(2);
    assertThat(text(err)).isEqualTo("strata: " + message + System.lineSeparator());
    assertThat(text(out)).isEmpty();
  }

  /** Modes, layouts and forms that have no place in a run which takes over an earlier output. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--mode append | --mode append means nothing to --incremental, which replaces the output"
            + " itself; unset one of the two",
        "--mode overwrite | --mode overwrite means nothing to --incremental, which replaces the"
            + " output itself; unset one of the two",
        "--mode ignore | --mode ignore means nothing to --incremental, which replaces the output"
            + " itself; unset one of the two",
        "--limit 20 | --limit 20 and --incremental would together take all rows but those out of"
            + " the output; unset one of the two",
        "--partition-by lang,date | --incremental cannot take over an output laid out by"
            + " --partition-by lang,date; run each part with --where and an --output of its own",
        "--output-format csv | --incremental cannot take over an output of the form csv; set"
            + " --output-format to one of parquet, json, orc, or to table for one of Delta's or"
            + " Iceberg's",
        "--input-format openai-batch | --incremental cannot take over the answers to a batch of"
            + " requests; unset --incremental, or --input-format openai-batch"
      })
  void whatIncrementalRunsCannotDo(String options, String message) {
    for (String incremental : new String[] {"changed", "all"}) {
      err.reset();
      String line = "generate --model m --input i --output o --incremental=" + incremental;
      assertThat(run((line + " " + options).split(" "))).isEqualTo(2);
      assertThat(text(err)).isEqualTo("strata: " + message + System.lineSeparator());
      assertThat(text(out)).isEmpty();
    }
  }

  @Test
  void absentModelIsAModelError() {
    assertThat(run("summarize", "--model", "/nowhere", "--input", "i", "--output", "o"))
        .isEqualTo(3);
    assertThat(text(err)).startsWith("strata: ").contains("/nowhere").hasLineCount(1);
  }

  @Test
  void keysOfOtherTasksAreRefused() {
    System.setProperty("spark.strata.prompt", "{{text}}!");
    try {
      assertThat(run("summarize", "--model", "m", "--input", "i", "--output", "o")).isEqualTo(2);
    } finally {
      System.clearProperty("spark.strata.prompt");
    }
    assertThat(text(err)).contains("summarize has no use for --prompt (spark.strata.prompt)");
  }

  @Test
  void helpNamesEveryOption() {
    assertThat(run("--help")).isZero();
    assertThat(run("generate", "--help")).isZero();
    assertThat(run("--version")).isZero();
    assertThat(text(err)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Task.class)
  void helpBeginsWithExamplesAndWhatIsRequired(Task task) {
    String help = printed("help", task.word());
    assertThat(help).isEqualTo(printed(task.word(), "--help")).contains("Examples:\n  strata ");
    List<String> lines = help.lines().toList();
    List<String> headings = HelpText.headings().map(h -> h + ":").filter(lines::contains).toList();
    assertThat(lines).containsSubsequence(headings);
    assertThat(headings).contains("What is asked:", "What is written:", "The run:", "Help:");
    List<String> required = lines.subList(lines.indexOf("Required:"), lines.indexOf("Which rows:"));
    assertThat(String.join("\n", required)).contains("--model=", "--input=", "--output=");
    for (var key : task.keys()) {
      String option = Pattern.quote(key.option());
      assertThat(help).as(key.option()).containsPattern("(?m)^ +" + option + "(=|\\[| |$)");
    }
  }

  /** A line of an example is a command that there is, with options that it has. */
  @ParameterizedTest
  @EnumSource(Task.class)
  void examplesAreRight(Task task) {
    List<String> examples =
        printed("help", task.word())
            .lines()
            .dropWhile(line -> !line.equals("Examples:"))
            .skip(1)
            .takeWhile(line -> !line.isEmpty())
            .toList();
    String whole = String.join(" ", examples).replaceAll("[\\\\ ]+", " ");
    String[] commands = whole.split("strata " + task.word() + " ", -1);
    assertThat(commands).hasSize(3);
    for (String command : List.of(commands).subList(1, 3)) {
      String line = task.word() + " " + command.strip().replaceAll("'[^']*'", "text");
      CommandTree.build().parseArgs(line.split(" ", -1));
    }
  }

  private static String printed(String... args) {
    PrintStream before = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(print(bytes));
    try {
      assertThat(new Strata(print(bytes), print(bytes)).run(args)).isZero();
    } finally {
      System.setOut(before);
    }
    return text(bytes);
  }

  @Test
  void noCommand() {
    assertThat(run()).isEqualTo(2);
    assertThat(text(err)).contains("generate").contains("summarize").contains("translate");
  }

  private int run(String... args) {
    return new Strata(print(out), print(err)).run(args);
  }

  private static PrintStream print(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
