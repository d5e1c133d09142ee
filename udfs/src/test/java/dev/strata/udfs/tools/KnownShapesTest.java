package dev.strata.udfs.tools;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KnownShapesTest {

  /** The counts of the published checkpoints. */
  @ParameterizedTest
  @CsvSource({
    "llama-3-8b, 8030261248",
    "llama-3-70b, 70553706496",
    "llama-3-405b, 405853388800",
    "llama-2-7b, 6738415616",
    "llama-2-13b, 13015864320",
    "llama-2-70b, 68976648192",
    "mistral-7b, 7248023552",
    "mistral-large, 122610069504",
    "gemma-3-27b, 27009346304",
    "qwen3-32b, 32762123264",
    "qwen3-32b-fp8, 32762123264",
    "qwen3-30b-a3b, 30532122624",
    "qwen3-30b-a3b-fp8, 30532122624",
    "qwen3.5-35b-a3b, 34660610688",
    "qwen3-235b-a22b, 235093634560",
    "gpt-oss-120b, 116829156672",
    "gpt-oss-120b-bf16, 116829156672",
    "mixtral-8x7b, 46702792704",
    "deepseek-v3, 671026419200",
  })
  void shapesHaveAsManyParametersAsThePublishedModels(String name, long parameters) {
    assertThat(KnownShapes.named(name).parameters()).isEqualTo(parameters);
  }
}
