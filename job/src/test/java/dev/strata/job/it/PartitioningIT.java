package dev.strata.job.it;

import static dev.strata.job.it.Launcher.DEMO_MODEL;
import static dev.strata.job.it.Launcher.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** However the rows are spread, each gets the same completion. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PartitioningIT {

  private static final int ROWS = 40;

  @TempDir static Path directory;

  /**
   * @param rows the output by id
   * @param lowMargins tokens that another order of sums might have chosen otherwise
   */
  private record Output(Map<String, JsonObject> rows, int lowMargins, int files) {}

  private Map<String, JsonObject> expected;
  private int lowMargins;

  @BeforeAll
  void onePartition() throws Exception {
    Output one = run("one", List.of(), "--partitions", "1");
    assertThat(one.files()).isEqualTo(1);
    expected = one.rows();
    lowMargins = one.lowMargins();
  }

  @Test
  void sevenPartitionsWithASmallWaveAndTinyTiles() throws Exception {
    Output seven =
        run("seven", List.of(), "--partitions", "7", "--wave-size", "5", "--tile-size", "64k");
    assertThat(seven.files()).isEqualTo(7);
    assertSame(seven);
  }

  @Test
  void twoExecutorsInTheirOwnJvms() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    String option = "extraJavaOptions=-XX:+UseSerialGC -Djava.io.tmpdir=" + temporary;
    List<String> before = work();
    Output cluster =
        run(
            "cluster",
            List.of(
                "--master",
                "local-cluster[2,1,1024]",
                "--conf",
                "spark.local.dir=" + temporary,
                "--conf",
                "spark.driver." + option,
                "--conf",
                "spark.executor." + option));
    assertThat(temporary).as("what the JVMs leave behind").isEmptyDirectory();
    assertThat(work()).as("executors' folders").isSubsetOf(before);
    assertThat(cluster.files()).as("one partition for each executor").isEqualTo(2);
    assertSame(cluster);
  }

  /** The folders of applications in which Spark starts executors. */
  private static List<String> work() {
    String[] folders = ROOT.resolve("target/spark/work").toFile().list();
    return folders == null ? List.of() : List.of(folders);
  }

  private void assertSame(Output actual) {
    assertThat(actual.rows().keySet()).isEqualTo(expected.keySet());
    List<String> different =
        expected.keySet().stream()
            .filter(id -> !actual.rows().get(id).equals(expected.get(id)))
            .toList();
    assertThat(different).hasSizeLessThanOrEqualTo(lowMargins);
  }

  private static Output run(String name, List<String> submit, String... options) throws Exception {
    Path out = directory.resolve(name);
    List<String> args = new ArrayList<>(submit);
    args.addAll(
        List.of(
            "generate",
            "--model",
            DEMO_MODEL.toString(),
            "--input",
            ROOT.resolve("datasets/sentences.parquet").toString(),
            "--output",
            out.toString(),
            "--output-format",
            "json",
            "--prompt",
            "Translate the following text to French.\n\n{{text}}",
            "--limit",
            Integer.toString(ROWS),
            "--max-new-tokens",
            "12"));
    args.addAll(Arrays.asList(options));
    Launcher.Result result = Launcher.generate(args.toArray(String[]::new));
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    Map<String, JsonObject> rows = Rows.read(out);
    assertThat(rows).hasSize(ROWS);
    return new Output(rows, result.summary("low-margin tokens"), files(out));
  }

  private static int files(Path out) throws Exception {
    try (Stream<Path> files = Files.list(out)) {
      return (int) files.filter(file -> file.toString().endsWith(".json")).count();
    }
  }
}
