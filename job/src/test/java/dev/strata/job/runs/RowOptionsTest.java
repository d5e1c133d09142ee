package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Every row has its own most tokens, whatever wave and partition it is in: one run with several of
 * both, or more with {@code -Dstrata.long=true}.
 */
class RowOptionsTest {

  private static final int ROWS = 14;

  /** Rows of a wave, and partitions. */
  static final List<Arguments> SPREADS =
      Boolean.getBoolean("strata.long")
          ? List.of(Arguments.of(1, 7), Arguments.of(7, 2), Arguments.of(64, 1))
          : List.of(Arguments.of(5, 2));

  @TempDir Path directory;

  @ParameterizedTest
  @FieldSource("SPREADS")
  void eachRowGetsItsOwnNumberOfTokens(int wave, int partitions) throws Exception {
    Path out = directory.resolve("out");
    CommandResult result =
        SubmittedCommand.small(
            List.of(
                "translate",
                "--to-language",
                "French",
                "--model",
                Demo.MODEL.toString(),
                "--input",
                input().toString(),
                "--output",
                out.toString(),
                "--row-options",
                "max_new_tokens",
                "--wave-size",
                Integer.toString(wave),
                "--partitions",
                Integer.toString(partitions)));
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    Map<String, JsonObject> rows = Rows.read(out);
    assertThat(rows).hasSize(ROWS);
    Map<String, JsonObject> references = References.read("translations");
    rows.forEach((id, row) -> assertCut(row, references.get(id)));
  }

  /** The reference's first tokens. */
  private static void assertCut(JsonObject row, JsonObject reference) {
    int most = row.get("max_new_tokens").getAsInt();
    int all = reference.get("completion_tokens").getAsInt();
    assertThat(row.get("completion_tokens").getAsInt()).isEqualTo(Math.min(most, all));
    if (most >= all) {
      References.assertEqual(row, reference);
    } else {
      assertThat(Rows.text(row, "finish_reason")).isEqualTo("length");
      assertThat(Rows.text(reference, "completion"))
          .startsWith(Rows.text(row, "completion").replace("\ufffd", ""));
    }
  }

  private Path input() throws IOException {
    List<String> lines = new ArrayList<>();
    Map<String, JsonObject> references = References.read("translations");
    for (JsonObject sentence : References.sentences().values()) {
      if (lines.size() < ROWS && References.isClear(references.get(Rows.text(sentence, "id")))) {
        sentence.addProperty("max_new_tokens", 1 + lines.size() * 5 % 17);
        lines.add(sentence.toString());
      }
    }
    return Files.write(directory.resolve("rows.jsonl"), lines);
  }
}
