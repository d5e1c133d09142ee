package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.strata.job.CommandResult;
import dev.strata.job.report.SampleRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two runs beside each other, and a run as a page. Starts no Spark. */
class CompareTest {

  @TempDir Path directory;

  private Path write(String file, String text) throws IOException {
    Path path = directory.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, text);
  }

  private Path night(String file, String started) throws IOException {
    return write(file, SampleRuns.night().put("started", started).toString());
  }

  private CommandResult strata(int code, Object... words) {
    List<String> command = new ArrayList<>();
    Arrays.stream(words).map(Object::toString).forEach(command::add);
    CommandResult result = SubmittedCommand.run(command);
    assertThat(result.exitCode()).as("%s", result.err()).isEqualTo(code);
    assertThat(result.announced()).isEmpty();
    return result;
  }

  private void assertError(int code, String error, Object... words) {
    assertThat(strata(code, words).err()).containsExactly("strata: " + error);
  }

  @Test
  void twoReports() throws IOException {
    Path a = night("a.json", "2026-11-26T22:00:00Z");
    Path b = night("b.json", "2026-11-27T22:00:00Z");
    CommandResult result = strata(0, "compare", a, b, "--html", directory.resolve("both.html"));
    assertThat(result.out().get(0)).startsWith("A  file:" + a + ": translate with Mixtral");
    assertThat(result.out()).contains("  new tokens per second                  50             50");
    assertThat(directory.resolve("both.html")).content().contains("<td>new tokens per second</td>");
    assertThat(directory.toFile().list()).as("no checksums").hasSize(3);
    assertThat(String.join("", strata(0, "compare", a, b, "--json").out()))
        .contains("\"tokensPerSecond\" : {", "\"change\" : 0.0");
  }

  @Test
  void outputsAndDirectoriesOfThem() throws IOException {
    night("out/_strata_run", "2026-11-20T22:00:00Z");
    night("out/_strata_run-20261119T220000Z", "2026-11-19T22:00:00Z");
    night("nights/monday/_strata_run", "2026-11-23T22:00:00Z");
    night("nights/tuesday/_strata_run", "2026-11-24T22:00:00Z");
    night("nights/wednesday/part-0", "2026-11-25T22:00:00Z");
    night("reports/translate-20261125T220000.000Z-app.json", "2026-11-25T22:00:00Z");
    night("reports/translate-20261126T220000.000Z-app.json", "2026-11-26T22:00:00Z");
    List<String> two =
        strata(0, "compare", directory.resolve("out"), directory.resolve("nights")).out();
    assertThat(two.get(0)).contains("started 20 Nov 2026");
    assertThat(two.get(1)).contains("nights/tuesday/_strata_run", "started 24 Nov 2026");
    List<String> more =
        strata(0, "compare", directory.resolve("reports"), directory.resolve("out")).out();
    assertThat(more.get(0)).contains("started 26 Nov 2026");
  }

  @Test
  void aPage() throws IOException {
    Path run = night("a.json", "2026-11-26T22:00:00Z");
    List<String> printed = strata(0, "report", run).out();
    assertThat(printed.get(0)).isEqualTo("<!DOCTYPE html>");
    Path page = directory.resolve("page.html");
    assertThat(strata(0, "report", run, "--html", page).out()).isEmpty();
    assertThat(Files.readAllLines(page)).isEqualTo(printed);
  }

  @Test
  void whatIsNoRun() throws IOException {
    Path run = night("a.json", "2026-11-26T22:00:00Z");
    String wayOut =
        "; name a file that --report wrote, an output of files, or a directory of either";
    Path nothing = directory.resolve("nothing");
    assertError(4, "there is no " + nothing + wayOut, "compare", run, nothing);
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertError(4, "no report of a run is in " + empty + wayOut, "report", empty);
    Path text = write("text", "hello");
    assertError(
        4, "file:" + text + " is no report of a run: it is not JSON" + wayOut, "report", text);
    Path other = write("other", "{\"a\": 1}");
    assertError(
        4,
        "file:" + other + " is no report of a run: it has no command and options" + wayOut,
        "compare",
        other,
        run);
    ObjectNode newer = SampleRuns.night().put("format", 3);
    Path later = write("later", newer.toString());
    assertError(
        4,
        "the report file:"
            + later
            + " has format 3, which this version of Strata does not know; use the version that"
            + " wrote it",
        "report",
        later);
    Path figures = write("figures", SampleRuns.night().put("rates", "many").toString());
    assertThat(strata(4, "report", figures).err().get(0))
        .contains("figures is no report of a run: its figures are none: ");
  }

  @Test
  void theSameTwice() throws IOException {
    Path run = night("out/_strata_run", "2026-11-26T22:00:00Z");
    Path copy = Files.copy(run, directory.resolve("copy.json"));
    for (Path other : List.of(run, directory.resolve("out"), copy)) {
      assertError(
          2,
          "%s and %s are both of the run that was started 2026-11-26T22:00:00Z; name two runs"
              .formatted(run, other),
          "compare",
          run,
          other);
    }
  }

  @Test
  void oneIsMissing() throws IOException {
    Path run = night("a.json", "2026-11-26T22:00:00Z");
    assertError(2, "Missing required parameter: '<B>'; see strata compare --help", "compare", run);
    assertThat(strata(2, "compare").err().get(0)).contains("Missing required parameters");
    assertThat(strata(2, "report").err().get(0)).contains("Missing required parameter: '<run>'");
  }

  @Test
  void aPlaceWhereNoPageCanBe() throws IOException {
    Path run = night("a.json", "2026-11-26T22:00:00Z");
    Path page = directory.resolve("no/page.html");
    assertError(
        4,
        "the report " + page + " has no directory to be in; make it first",
        "report",
        run,
        "--html",
        page);
  }
}
