package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportFileTest {

  @TempDir Path directory;

  private ReportFile file(String name) {
    return new ReportFile(Optional.of(directory.resolve(name).toString()), new Configuration());
  }

  @Test
  void theLastReportStays() throws IOException {
    file("run.json").write("running");
    file("run.json").writeIfPossible("done");
    assertThat(directory.resolve("run.json")).hasContent("done");
    assertThat(directory.toFile().list()).containsExactly("run.json");
  }

  /** Before the run, somebody can make the directory; after it, the run is done. */
  @Test
  void aPlaceThatIsNotThere() throws IOException {
    assertThatThrownBy(() -> file("no/run.json").write("running"))
        .isInstanceOf(StrataException.class)
        .hasMessageEndingWith("run.json has no directory to be in; make it first");
    file("no/run.json").writeIfPossible("done");
    assertThat(directory).isEmptyDirectory();
    Files.createDirectory(directory.resolve("run.json"));
    file("run.json").writeIfPossible("done");
    assertThat(directory.resolve("run.json")).isEmptyDirectory();
  }

  @Test
  void whereNobodyAsksThereIsNone() {
    new ReportFile(Optional.empty(), new Configuration()).write("done");
    assertThat(directory).isEmptyDirectory();
  }
}
