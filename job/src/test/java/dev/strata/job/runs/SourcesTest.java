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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.h2.Driver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a CSV file to a table of a database, and from there to CSV files by language. */
class SourcesTest {

  @TempDir Path directory;

  @Test
  void csvToTableToCsv() throws Exception {
    Map<String, JsonObject> references = References.read("translations");
    Path input = directory.resolve("sentences.csv");
    Files.writeString(
        input,
        """
        key;text;lang;notes
        1;"That ring is far too expensive for me.";fr;"first
        ""line""; second"
        2;The storm frightened the dog.;fr;
        3;Not this one.;de;
        4;;fr;nothing to translate
        """);

    CommandResult toTable =
        translate(
            "--input",
            input.toString(),
            "--input-options",
            "delimiter=;",
            "--where",
            "lang = 'fr'",
            "--output",
            "h2.PUBLIC.translations",
            "--output-format",
            "table");
    assertThat(toTable.exitCode()).as("%s", toTable.err()).isZero();
    assertThat(toTable.out().get(0))
        .startsWith("3 rows in ")
        .endsWith("1 error: table h2.PUBLIC.translations");

    anIncrementalRunReadsTables();

    Path out = directory.resolve("out.csv");
    List<String> back =
        List.of(
            "--input",
            "h2.PUBLIC.translations",
            "--input-format",
            "table",
            "--text-column",
            "text",
            "--where",
            "error IS NULL",
            "--columns",
            "key,notes,lang",
            "--partition-by",
            "lang",
            "--output",
            out.toString(),
            "--mode",
            "overwrite");
    Files.createDirectories(out.resolve("lang=old"));
    CommandResult toCsv = translate(back.toArray(String[]::new));
    assertThat(toCsv.exitCode()).as("%s", toCsv.err()).isZero();
    assertThat(names(out))
        .containsExactlyInAnyOrder("_SUCCESS", "_strata_run", "_strata_report.html", "lang=fr");
    assertThat(names(directory)).noneMatch(name -> name.startsWith(".out"));
    String csv = csv(out.resolve("lang=fr"));
    assertThat(csv)
        .startsWith("key,notes,completion,finish_reason,prompt_tokens,completion_tokens,error\n")
        .contains(
            "1,\"first\n\"\"line\"\"; second\","
                + Rows.text(references.get("sen-0001"), "completion")
                + ",stop,")
        .contains("2,," + Rows.text(references.get("sen-0002"), "completion") + ",stop,");
  }

  private void anIncrementalRunReadsTables() throws Exception {
    CommandResult incremental =
        translate(
            "--input",
            "h2.PUBLIC.translations",
            "--input-format",
            "table",
            "--columns",
            "key",
            "--output",
            directory.resolve("incremental").toString(),
            "--incremental");
    assertThat(incremental.exitCode()).as("%s", incremental.err()).isZero();
    assertThat(incremental.out().get(0)).startsWith("3 rows in ").contains("1 error");
    assertThat(names(directory.resolve("incremental"))).anyMatch(name -> name.endsWith(".parquet"));
  }

  private CommandResult translate(String... more) {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("translate", "--to-language", "French", "--model", Demo.MODEL.toString()));
    words.addAll(List.of("--max-new-tokens", "60", "--host-memory", "512m"));
    words.addAll(Arrays.asList(more));
    String catalog = "spark.sql.catalog.h2";
    return SubmittedCommand.run(
        Map.of(
            catalog,
            "org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog",
            catalog + ".url",
            "jdbc:h2:file:" + directory.resolve("database"),
            catalog + ".driver",
            Driver.class.getName()),
        words);
  }

  private static String csv(Path part) throws Exception {
    try (Stream<Path> files = Files.list(part)) {
      return Files.readString(
          files.filter(file -> file.toString().endsWith(".csv")).findFirst().orElseThrow());
    }
  }

  private static List<String> names(Path parent) throws Exception {
    try (Stream<Path> files = Files.list(parent)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(".crc"))
          .toList();
    }
  }
}
