package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Codes become names, and names stay. */
class LanguagesTest {

  @ParameterizedTest
  @CsvSource({
    "fr, French",
    "fr-FR, French",
    "fr_CA, French",
    "FR, French",
    "' de ', German",
    "ja, Japanese",
    "yue, Cantonese",
    "zh, Chinese",
    "zh-Hant, Traditional Chinese",
    "pt-BR, Brazilian Portuguese",
    "French, French",
    "brazilian portuguese, Brazilian Portuguese",
    "xx, Xx",
    "Old Norse, Old Norse"
  })
  void namesOfPrompts(String given, String named) {
    assertThat(TaskPrompts.language(given)).isEqualTo(named);
  }
}
