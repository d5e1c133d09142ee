package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that adds rows to an output asks those alone whose ids are not there. */
class AppendTest {

  @TempDir Path directory;

  @Test
  void onlyNewIdsAreAdded() throws Exception {
    Path out = directory.resolve("out");
    String[] first = {
      "{'id': 1, 'text': 'one'}", "{'id': 2, 'text': null}", "{'id': null, 'text': 'none'}"
    };
    assertThat(append(out, first).out().get(0)).startsWith("3 rows in ");

    CommandResult second =
        append(
            out,
            "{'id': 1, 'text': 'changed'}",
            "{'id': 2, 'text': null}",
            "{'id': 3, 'text': 'three'}",
            "{'id': null, 'text': 'none'}");
    assertThat(second.out().get(0)).startsWith("2 rows in ");
    assertThat(second.out())
        .contains(
            "  there already      2",
            "  changed since      1 rows, which stay as they are there; only --incremental runs"
                + " such again",
            "  failed there       1 rows, which strata retry-failed " + out + " runs again");
    assertThat(ids(out)).containsExactlyInAnyOrder("1", "2", "3", "null", "null");
    assertThat(texts(out)).contains("one", "three").doesNotContain("changed");

    Files.createDirectory(directory.resolve(".out.strata-journal"));
    CommandResult third = append(out, "{'id': 3, 'text': 'three'}");
    assertThat(third.out())
        .containsExactly("nothing to do: all 1 rows are there already, " + out + " is unchanged");
    assertThat(directory.resolve(".out.strata-journal")).doesNotExist();
    assertThat(ids(out)).hasSize(5);
  }

  @Test
  void theIdsHaveToBeThere() throws Exception {
    Path out = directory.resolve("out");
    String row = "{'id': 1, 'text': 'one'}";
    List<String> without = List.of("--columns", "text");
    assertThat(run(out, without, row).exitCode()).isZero();
    CommandResult again = run(out, without, row);
    assertThat(again.exitCode()).isEqualTo(4);
    assertThat(again.err())
        .contains(
            "strata: the output "
                + out
                + " has no column 'id', by which --mode append knows the rows that are there; have"
                + " it come out with --columns, or unset --id-column to add all rows");
  }

  private CommandResult append(Path out, String... rows) throws IOException {
    CommandResult result = run(out, List.of(), rows);
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    return result;
  }

  private CommandResult run(Path out, List<String> more, String... rows) throws IOException {
    Path input = directory.resolve("rows.jsonl");
    Files.writeString(input, String.join("\n", rows).replace('\'', '"'));
    List<String> words =
        List.of(
            "generate",
            "--model",
            Demo.MODEL.toString(),
            "--input",
            input.toString(),
            "--output",
            out.toString(),
            "--output-format",
            "json",
            "--id-column",
            "id",
            "--max-new-tokens",
            "2",
            "--mode",
            "append");
    return SubmittedCommand.small(Stream.concat(words.stream(), more.stream()).toList());
  }

  private static List<String> ids(Path out) throws IOException {
    return values(out, "id");
  }

  private static List<String> texts(Path out) throws IOException {
    return values(out, "text");
  }

  private static List<String> values(Path out, String field) throws IOException {
    List<String> values = new ArrayList<>();
    for (JsonObject row : Rows.all(out)) {
      values.add(String.valueOf(Rows.text(row, field)));
    }
    return values;
  }
}
