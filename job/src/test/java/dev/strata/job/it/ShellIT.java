package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code strata shell} of the embedded Spark: JShell with a session that has the functions. */
class ShellIT {

  @TempDir Path directory;

  @Test
  void hasASessionWithFunctionsAndDataFrames() throws Exception {
    Path snippets =
        Files.writeString(
            directory.resolve("snippets.jsh"),
            """
            var rows = spark.sql("SELECT 'I am tired.' AS body")
            System.out.println(rows.selectExpr("ai_translate(body, 'fr')").first().getString(0))
            import dev.strata.udfs.spark.Strata
            var asked = Strata.on(spark).textColumn("body").toLanguage("French").translate(rows)
            System.out.println(asked.select("completion").first().getString(0))
            /exit
            """);
    ProcessBuilder builder =
        new ProcessBuilder(
                Demo.ROOT.resolve("submit-scripts/strata").toString(),
                "--conf",
                "spark.strata.model=" + Demo.MODEL,
                "--conf",
                "spark.strata.host.memory=256m",
                "--conf",
                "spark.ui.enabled=false",
                "shell",
                "-s",
                snippets.toString())
            .directory(directory.toFile());
    CommandResult result = Launcher.execute(builder);
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out()).isEqualTo(List.of("Je suis fatigué.", "Je suis fatigué."));
    assertThat(directory).isDirectoryNotContaining("glob:**{metastore_db,derby.log}");
  }
}
