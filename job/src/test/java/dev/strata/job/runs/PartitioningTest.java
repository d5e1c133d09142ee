package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However the rows are spread, each gets the completion that it has alone. */
class PartitioningTest {

  private static final int ROWS = 40;

  @TempDir Path directory;

  @Test
  void sevenPartitionsWithASmallWaveAndTinyTiles() throws Exception {
    Path out = directory.resolve("out");
    CommandResult result =
        SubmittedCommand.small(
            Demo.translation(
                out,
                "--limit",
                Integer.toString(ROWS),
                "--max-new-tokens",
                "60",
                "--partitions",
                "7",
                "--wave-size",
                "5",
                "--tile-size",
                "64k"));
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    try (Stream<Path> files = Files.list(out)) {
      List<Path> parts = files.filter(file -> file.toString().endsWith(".json")).toList();
      assertThat(parts).hasSize(7);
    }
    Map<String, JsonObject> rows = Rows.read(out);
    assertThat(rows).hasSize(ROWS);
    Map<String, JsonObject> references = References.read("translations");
    rows.forEach(
        (id, row) -> {
          if (References.isClear(references.get(id))) {
            References.assertEqual(row, references.get(id));
          }
        });
  }
}
