package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a retry wants to know, and refuses before Spark starts. */
class RetryCommandTest {

  private static final String HIDDEN = "*********(redacted)";

  @TempDir Path directory;

  private Path out;

  @BeforeEach
  void output() throws IOException {
    out = Files.createDirectory(directory.resolve("out"));
    Files.writeString(out.resolve("part-0.json"), "{}");
  }

  private void record(String name, String options) throws IOException {
    Files.writeString(
        out.resolve(name),
        """
        {"command": "generate", "started": "2026-11-27T01:00:00Z", "input": "/in", "options": {%s}}
        """
            .formatted(options));
  }

  private String refused(int code, String... words) {
    return refused(Map.of(), code, words);
  }

  private String refused(Map<String, String> settings, int code, String... words) {
    List<String> all = new ArrayList<>(List.of("retry-failed"));
    all.addAll(List.of(words));
    CommandResult result = SubmittedCommand.run(settings, all);
    assertThat(result.exitCode()).as("%s", result.err()).isEqualTo(code);
    assertThat(result.announced()).isEmpty();
    return String.join("\n", result.err());
  }

  @Test
  void nothingIsThere() {
    String none = directory.resolve("none").toString();
    assertThat(refused(4, none))
        .isEqualTo(
            "strata: no run has come to its end at %s, so no rows have failed; see what is there"
                    .formatted(none)
                + " with: strata status "
                + none);
  }

  @Test
  void anOutputThatDoesNotSayWhatRunItIsOf() throws IOException {
    String say = "say --task generate, summarize or translate, --model, and what else that run was";
    assertThat(refused(2, out.toString())).contains("since its record is not there; " + say);
    Files.writeString(out.resolve("_strata_run"), "{");
    assertThat(refused(2, out.toString(), "--task", "generate"))
        .contains("since its record is damaged; " + say);
    assertThat(refused(2, out.toString(), "--task", "x"))
        .isEqualTo(
            "strata: --task is 'x'; it must be one of generate, summarize, translate, score, embed");
    assertThat(refused(3, out.toString(), "--task", "generate", "--model", "/nowhere"))
        .contains("/nowhere");
  }

  @Test
  void aTable() {
    assertThat(refused(2, "db.table", "--output-format", "table"))
        .contains("give the command that wrote it with --incremental");
  }

  @Test
  void secretsAreToBeGivenAgain() throws IOException {
    record(
        "_strata_run",
        "\"spark.strata.model\": \"/nowhere\", \"spark.strata.system\": \"token=%s\","
                .formatted(HIDDEN)
            + " \"spark.strata.input.options\": \"password=%s\"".formatted(HIDDEN));
    assertThat(refused(2, out.toString()))
        .isEqualTo(
            "the run's --input-options (spark.strata.input.options) had something secret in it;"
                + " give it again if the input has to be read\n"
                + "strata: the run's --system (spark.strata.system) had something secret in it,"
                + " which records leave out; give it again");
    assertThat(refused(3, out.toString(), "--system", "token=x")).contains("/nowhere");
    assertThat(refused(Map.of("spark.strata.system", "token=x"), 3, out.toString()))
        .contains("/nowhere");
  }

  /** A file of settings that was changed since does not change what rows are asked. */
  @Test
  void theRecordCountsBeforeTheSession() throws IOException {
    record(
        "_strata_run",
        "\"spark.strata.model\": \"%s\", \"spark.strata.prompt\": \"p\"".formatted("/nowhere"));
    String said = refused(Map.of("spark.strata.model", Demo.MODEL.toString()), 3, out.toString());
    assertThat(said)
        .startsWith(
            "spark.strata.model is %s here and was /nowhere in the run, which counts"
                .formatted(Demo.MODEL))
        .contains("\nstrata: ");
    assertThat(refused(3, out.toString(), "--model", directory + "/model"))
        .doesNotContain("which counts");
  }

  @Test
  void rowsOfRunsThatAskedDifferently() throws IOException {
    record("_strata_run-20261126T010000Z", "\"spark.strata.temperature\": \"0.7\"");
    record("_strata_run", "\"spark.strata.model\": \"/nowhere\"");
    assertThat(refused(4, out.toString(), "--model", "/nowhere"))
        .contains("which had different --temperature (0.7, none), and a row does not say of which")
        .contains("give --temperature to ask all failed ones in that way");
    assertThat(refused(3, out.toString(), "--model", "/nowhere", "--temperature", "0"))
        .contains("/nowhere");
  }
}
