package dev.strata.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.ParseResult;

class OptionsTest {

  @Test
  void optionsAreNamesForKeys() {
    assertThat(
            settings("--max-new-tokens", "5", "--device-memory=2g", "--row-options", "top_k,stop"))
        .isEqualTo(
            Map.of(
                "spark.strata.maxNewTokens", "5",
                "spark.strata.device.memory", "2g",
                "spark.strata.row.options", "top_k,stop"));
  }

  @Test
  void flagWithAndWithoutValue() {
    assertThat(settings("--ignore-stop-tokens"))
        .containsEntry("spark.strata.ignoreStopTokens", "true");
    assertThat(settings("--ignore-stop-tokens=false"))
        .containsEntry("spark.strata.ignoreStopTokens", "false");
    assertThat(settings("--incremental", "--seed", "1"))
        .containsEntry("spark.strata.incremental", "changed");
  }

  @Test
  void stopMayComeSeveralTimes() {
    assertThat(settings("--stop", "a,b")).containsEntry("spark.strata.stop", "a,b");
    assertThat(settings("--stop", "a", "--stop", "\n"))
        .containsEntry("spark.strata.stop", "[\"a\",\"\\u000a\"]");
  }

  private static Map<String, String> settings(String... options) {
    String[] args = new String[options.length + 1];
    args[0] = "generate";
    System.arraycopy(options, 0, args, 1, options.length);
    ParseResult result = CommandTree.build().parseArgs(args);
    return Options.settings(result.subcommand());
  }
}
