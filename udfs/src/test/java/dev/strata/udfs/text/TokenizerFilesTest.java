package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenizerFilesTest {

  @Test
  void tokensAreTextsOrAddedTokensAndUnsetOnesAreAbsent() {
    TokenizerFiles files =
        files(
            Map.of(
                "tokenizer_config.json",
                """
                {"bos_token": {"__type": "AddedToken", "content": "<s>", "lstrip": false},
                 "eos_token": "</s>", "pad_token": null, "unk_token": "",
                 "additional_special_tokens": ["<a>", {"content": "<b>"}],
                 "extra_special_tokens": {"image_token": "<image>"},
                 "model_max_length": 1000000000000000019884624838656, "add_bos_token": true}
                """));
    assertThat(files.specialTokens())
        .isEqualTo(
            Map.of(
                "bos_token",
                "<s>",
                "eos_token",
                "</s>",
                "additional_special_tokens",
                List.of("<a>", "<b>"),
                "image_token",
                "<image>"));
  }

  @Test
  void theMapOfSpecialTokensCountsBesideAnOlderConfigurationOnly() {
    String map = "{\"bos_token\": \"<map>\", \"pad_token\": {\"content\": \"<pad>\"}}";
    TokenizerFiles older =
        files(
            Map.of(
                "tokenizer_config.json",
                "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}",
                "special_tokens_map.json",
                map));
    assertThat(older.specialTokens())
        .isEqualTo(Map.of("bos_token", "<map>", "eos_token", "</s>", "pad_token", "<pad>"));
    TokenizerFiles newer =
        files(
            Map.of(
                "tokenizer_config.json",
                "{\"bos_token\": \"<s>\", \"added_tokens_decoder\": {}}",
                "special_tokens_map.json",
                map));
    assertThat(newer.specialTokens()).isEqualTo(Map.of("bos_token", "<s>"));
  }

  @Test
  void theTemplatesOwnFileComesFirst() {
    String config = "{\"chat_template\": \"from config\"}";
    assertThat(files(Map.of("tokenizer_config.json", config)).chatTemplate())
        .contains("from config");
    assertThat(
            files(Map.of("tokenizer_config.json", config, "chat_template.jinja", "from file"))
                .chatTemplate())
        .contains("from file");
    assertThat(files(Map.of()).chatTemplate()).isEmpty();
    assertThat(files(Map.of("tokenizer_config.json", "{\"chat_template\": null}")).chatTemplate())
        .isEmpty();
  }

  @Test
  void ofSeveralTemplatesTheDefaultIsTaken() {
    String templates =
        "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"t\"},"
            + " {\"name\": \"%s\", \"template\": \"d\"}]}";
    assertThat(
            files(Map.of("tokenizer_config.json", templates.formatted("default"))).chatTemplate())
        .contains("d");
    assertThatThrownBy(
            () -> files(Map.of("tokenizer_config.json", templates.formatted("rag"))).chatTemplate())
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "/models/x/tokenizer_config.json has the chat templates [tool_use, rag], and none of"
                + " them is named 'default'");
  }

  @Test
  void valuesOfTheWrongKindAreErrorsOfTheModel() {
    for (String config : List.of("[]", "{\"bos_token\": []}", "{\"bos_token\": {\"id\": 1}}")) {
      assertThatThrownBy(() -> files(Map.of("tokenizer_config.json", config)).specialTokens())
          .as(config)
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("/models/x/tokenizer_config.json cannot be read: ");
    }
    for (String template : List.of("{}", "[1]", "[{}]")) {
      String config = "{\"chat_template\": " + template + "}";
      assertThatThrownBy(() -> files(Map.of("tokenizer_config.json", config)).chatTemplate())
          .as(config)
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("/models/x/tokenizer_config.json cannot be read: ");
    }
  }

  @Test
  void onlySpecialAddedTokensAreSpecial() {
    String json =
        """
        {"added_tokens": [{"id": 3, "content": "<a>", "special": true},
          {"id": 4, "content": "<b>", "special": false}, {"id": 5, "content": "<c>"}],
         "model": {"vocab": {"x": 0}}}
        """;
    assertThat(TokenizerFiles.specialIds(TokenizerJson.parse(json, "/models/x")))
        .isEqualTo(Map.of(3, "<a>"));
  }

  private static TokenizerFiles files(Map<String, String> contents) {
    return new TokenizerFiles(
        name ->
            Optional.ofNullable(contents.get(name))
                .map(content -> content.getBytes(StandardCharsets.UTF_8)),
        "/models/x");
  }
}
