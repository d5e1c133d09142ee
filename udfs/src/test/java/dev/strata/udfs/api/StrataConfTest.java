package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrataConfTest {

  @Test
  void defaultsWithoutSettings() {
    StrataConf conf = StrataConf.of(Map.of("spark.master", "local", "spark.strata.model", "/m"));

    assertThat(conf.engineOptions())
        .isEqualTo(
            new EngineOptions(
                "/m", "auto", 4L << 30, 4L << 30, "auto", 0, 0, 0, 0, -1, 0, false, "auto",
                "auto"));
    assertThat(conf.promptOptions()).isEqualTo(new PromptOptions("{{text}}", null, null));
    assertThat(conf.samplingOverrides()).isEqualTo(SamplingOverrides.NONE);
  }

  @Test
  void localModelsAreMadeAbsolute() {
    assertThat(model("models/../m")).isEqualTo(Path.of("m").toAbsolutePath().toString());
    assertThat(model("hdfs://host/m")).isEqualTo("hdfs://host/m");
  }

  @Test
  void everyKeyHasItsOwnOptionAndADefaultOfItsType() {
    assertThat(StrataKeys.all()).extracting(ConfKey::option).doesNotHaveDuplicates();
    assertThat(StrataKeys.MAX_NEW_TOKENS.option()).isEqualTo("--max-new-tokens");
    assertThat(StrataKeys.READ_AHEAD_ROWS.option()).isEqualTo("--read-ahead-rows");
    assertThat(StrataKeys.TOP_K.option()).isEqualTo("--top-k");
    assertThat(StrataKeys.all())
        .allSatisfy(key -> assertThat(key.doc()).endsWith(".").doesNotContain("\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "4g, 4294967296",
    "512m, 536870912",
    "512MB, 536870912",
    "2GiB, 2147483648",
    "7, 7",
    "1k, 1024"
  })
  void sizes(String text, long bytes) {
    assertThat(StrataConf.of(Map.of("spark.strata.device.memory", text)))
        .extracting(conf -> conf.get(StrataKeys.DEVICE_MEMORY))
        .isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "500ms, PT0.5S",
    "90s, PT1M30S",
    "10min, PT10M",
    "10M, PT10M",
    "2h, PT2H",
    "1d, PT24H"
  })
  void times(String text, Duration time) {
    assertThat(idleTimeout(text)).isEqualTo(time);
    assertThat(idleTimeout("Never")).isGreaterThan(Duration.ofDays(1_000_000));
  }

  private static Duration idleTimeout(String text) {
    Map<String, String> settings =
        Map.of("spark.strata.model", "/m", "spark.strata.idle.timeout", text);
    StrataConf conf = StrataConf.of(settings);
    return conf.generationOptions(conf.promptOptions()).idleTimeout();
  }

  @Test
  void whatAQueryExpectsOfItsRowsIsNotWhatAnEngineIs() {
    Map<String, String> settings = Map.of("spark.strata.model", "/m");
    EngineOptions options = StrataConf.of(settings).engineOptions();
    assertThat(options.expecting(new ExpectedRows(700, false)).identity())
        .isEqualTo(options.identity());
    assertThat(options.on("cuda:1", 0).identity()).isNotEqualTo(options.identity());
    assertThat(options.withMemory(3, 5).withMemory(4L << 30, 4L << 30)).isEqualTo(options);
    assertThat(options.withMemory(3, 5).hostMemory()).isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "device.memory | 4 gigs | --device-memory (spark.strata.device.memory) is '4 gigs'; it must"
            + " be a size such as 512m or 4g",
        "device.memory | 99999999999t | --device-memory (spark.strata.device.memory) is"
            + " '99999999999t'; it must be a size such as 512m or 4g",
        "topP | 1.5 | --top-p (spark.strata.topP) is '1.5'; it must be a number above 0 and at most"
            + " 1",
        "temperature | NaN | --temperature (spark.strata.temperature) is 'NaN'; it must be a number"
            + " of 0 or more",
        "maxNewTokens | 0 | --max-new-tokens (spark.strata.maxNewTokens) is '0'; it must be a whole"
            + " number of at least 1",
        "device | gpu | --device (spark.strata.device) is 'gpu'; it must be one of auto, cpu, cuda",
        "row.options | a,,b | --row-options (spark.strata.row.options) is 'a,,b'; it must be names"
            + " separated by commas",
        "stop | [1] | --stop (spark.strata.stop) is '[1]'; it must be a text or a JSON array of"
            + " texts",
        "ignoreStopTokens | yes | --ignore-stop-tokens (spark.strata.ignoreStopTokens) is 'yes'; it"
            + " must be true or false",
        "idle.timeout | 10 | --idle-timeout (spark.strata.idle.timeout) is '10'; it must be never, 0"
            + " or a time such as 90s, 10min or 2h",
        "idle.timeout | -5s | --idle-timeout (spark.strata.idle.timeout) is '-5s'; it must be never,"
            + " 0 or a time such as 90s, 10min or 2h"
      })
  void badValues(String leaf, String value, String message) {
    assertThatThrownBy(() -> StrataConf.of(Map.of("spark.strata." + leaf, value)))
        .isInstanceOf(StrataException.class)
        .hasMessage(message);
  }

  @Test
  void unknownKeyWithSuggestion() {
    assertThatThrownBy(() -> StrataConf.of(Map.of("spark.strata.maxNewToken", "1")))
        .hasMessage(
            "unknown key spark.strata.maxNewToken; did you mean 'spark.strata.maxNewTokens'?");
  }

  @Test
  void missingKey() {
    assertThatThrownBy(() -> StrataConf.of(Map.of()).engineOptions())
        .hasMessage("--model (spark.strata.model) is missing");
  }

  @Test
  void stopTexts() {
    assertThat(stop("END, or so")).containsExactly("END, or so");
    assertThat(stop("\n")).containsExactly("\n");
    assertThat(stop("[\"\\n\", \"\\u00e9\\\"\"]")).containsExactly("\n", "é\"");
    List<String> texts = List.of("a,b", "\n\t\\", "\"");
    assertThat(stop(JsonTexts.format(texts))).isEqualTo(texts);
  }

  @Test
  void optionsOfOthers() {
    assertThat(inputOptions("delimiter=;,header=false"))
        .isEqualTo(Map.of("delimiter", ";", "header", "false"));
    assertThat(inputOptions("delimiter=,,header=false"))
        .isEqualTo(Map.of("delimiter", ",", "header", "false"));
    assertThat(inputOptions("dateFormat=a, b=c")).isEqualTo(Map.of("dateFormat", "a", "b", "c"));
    assertThat(inputOptions("[\"nullValue=a,b=c\", \"lineSep=\\n\"]"))
        .isEqualTo(Map.of("nullValue", "a,b=c", "lineSep", "\n"));
  }

  private static Map<String, String> inputOptions(String value) {
    return StrataConf.of(Map.of("spark.strata.input.options", value)).get(StrataKeys.INPUT_OPTIONS);
  }

  @Test
  void promptAndMessagesExcludeEachOther() {
    StrataConf conf =
        StrataConf.of(Map.of("spark.strata.prompt", "p", "spark.strata.messages.column", "m"));
    assertThatThrownBy(conf::promptOptions)
        .hasMessage(
            "--prompt (spark.strata.prompt) and --messages-column (spark.strata.messages.column) both"
                + " say what the prompt is; give one of the two");
  }

  private static String model(String location) {
    return StrataConf.of(Map.of("spark.strata.model", location)).engineOptions().model();
  }

  private static List<String> stop(String value) {
    return StrataConf.of(Map.of("spark.strata.stop", value)).get(StrataKeys.STOP);
  }
}
