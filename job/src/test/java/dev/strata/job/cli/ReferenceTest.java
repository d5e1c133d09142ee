package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The reference in the repository is that of the program. */
class ReferenceTest {

  private static final String REGENERATE = "strata.regenerate";
  private static final String COMMAND =
      "./mvnw -q -pl udfs,job -am test -Dtest=ReferenceTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dstrata.regenerate";

  @Test
  void isUpToDate() throws IOException {
    Path file = Path.of(System.getProperty("strata.root"), "conf", "REFERENCE.md");
    String text = Reference.text(COMMAND);
    if (System.getProperty(REGENERATE) != null) {
      Files.writeString(file, text);
    }
    assertThat(Files.readAllLines(file))
        .as("%s is not what the keys say; run: %s", file, COMMAND)
        .containsExactlyElementsOf(text.lines().toList());
  }
}
