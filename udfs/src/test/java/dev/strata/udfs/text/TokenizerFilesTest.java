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
    assertThat(files(Map.of("tokenizer_config.json", config)).chatTemplates())
        .isEqualTo(Map.of("default", "from config"));
    assertThat(
            files(Map.of("tokenizer_config.json", config, "chat_template.jinja", "from file"))
                .chatTemplates())
        .isEqualTo(Map.of("default", "from file"));
    assertThat(files(Map.of()).chatTemplates()).isEmpty();
    assertThat(files(Map.of("tokenizer_config.json", "{\"chat_template\": null}")).chatTemplates())
        .isEmpty();
  }

  @Test
  void severalTemplatesHaveNames() {
    Map<String, String> expected = Map.of("rag", "r", "default", "d");
    for (String templates :
        List.of(
            "[{\"name\": \"rag\", \"template\": \"r\"}, {\"name\": \"default\", \"template\":"
                + " \"d\"}]",
            "{\"rag\": \"r\", \"default\": \"d\"}")) {
      String config = "{\"chat_template\": " + templates + "}";
      assertThat(files(Map.of("tokenizer_config.json", config)).chatTemplates())
          .isEqualTo(expected);
    }
    String directory = "additional_chat_templates/";
    assertThat(
            files(Map.of(directory + "default.jinja", "d", directory + "rag.jinja", "r"))
                .chatTemplates())
        .isEqualTo(expected);
    assertThat(
            files(
                    Map.of(
                        "chat_template.jinja",
                        "d",
                        directory + "default.jinja",
                        "other",
                        directory + "rag.jinja",
                        "r"))
                .chatTemplates())
        .isEqualTo(expected);
  }

  /** As in transformers, the configuration's count where no file has the default. */
  @Test
  void filesTakeTheConfigurationsPlace() {
    String config =
        "{\"chat_template\": {\"tool_use\": \"t\", \"rag\": \"r\", \"default\": \"d\"}}";
    assertThat(
            files(Map.of("tokenizer_config.json", config, "chat_template.jinja", "own"))
                .chatTemplates())
        .isEqualTo(Map.of("default", "own"));
    assertThat(
            files(
                    Map.of(
                        "tokenizer_config.json",
                        config,
                        "additional_chat_templates/rag.jinja",
                        "own"))
                .chatTemplates())
        .isEqualTo(Map.of("rag", "own", "tool_use", "t", "default", "d"));
  }

  @Test
  void valuesOfTheWrongKindAreErrorsOfTheModel() {
    for (String config : List.of("[]", "{\"bos_token\": []}", "{\"bos_token\": {\"id\": 1}}")) {
      assertThatThrownBy(() -> files(Map.of("tokenizer_config.json", config)).specialTokens())
          .as(config)
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("/models/x/tokenizer_config.json cannot be read: ");
    }
    for (String template : List.of("[1]", "[{}]", "{\"default\": {}}")) {
      String config = "{\"chat_template\": " + template + "}";
      assertThatThrownBy(() -> files(Map.of("tokenizer_config.json", config)).chatTemplates())
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
        Checkpoint.templates(contents.keySet()),
        "/models/x");
  }

  @Test
  void whatADownloadLeftInAFilesPlaceIsSaid() {
    for (String name : List.of("tokenizer.json", "chat_template.jinja")) {
      TokenizerFiles pointer =
          files(Map.of(name, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"));
      assertThatThrownBy(() -> read(pointer, name))
          .isInstanceOf(StrataException.class)
          .hasMessage(
              "/models/x/%s is a pointer of Git LFS, not the file itself; fetch it with 'git lfs"
                      .formatted(name)
                  + " pull'");
      TokenizerFiles page = files(Map.of(name, "\n<!DOCTYPE html>\n<html></html>"));
      assertThatThrownBy(() -> read(page, name))
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("/models/x/" + name + " is an HTML page, not the file itself");
    }
  }

  private static Object read(TokenizerFiles files, String name) {
    return name.equals("tokenizer.json") ? files.tokenizer() : files.chatTemplates();
  }

  @Test
  void numbersThatJsonDoesNotHaveAreRead() {
    TokenizerFiles files =
        files(
            Map.of(
                "tokenizer_config.json",
                "{\"model_max_length\": Infinity, \"x\": [NaN, -Infinity],"
                    + " \"bos_token\": \"\\\"NaN \"}"));
    assertThat(files.specialTokens()).isEqualTo(Map.of("bos_token", "\"NaN "));
  }

  @Test
  void tokensThatOnlyTheConfigurationKnowsAreAdded() {
    String tokenizer =
        """
        {"added_tokens": [{"id": 2, "content": "<s>", "special": true, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false}],
         "model": {"type": "WordLevel", "vocab": {"a": 0, "</s>": 1}, "unk_token": "a"}}
        """;
    String config =
        """
        {"added_tokens_decoder": {"4": {"content": "<y>", "special": false},
            "3": {"content": "<x>", "special": true}},
         "eos_token": "</s>", "additional_special_tokens": ["<z>"]}
        """;
    TokenizerJson json =
        files(Map.of("tokenizer.json", tokenizer, "tokenizer_config.json", config)).tokenizer();
    assertThat(TokenizerFiles.specialIds(json))
        .isEqualTo(Map.of(1, "</s>", 2, "<s>", 3, "<x>", 5, "<z>"));
    try (ModelTokenizer loaded = ModelTokenizer.of(json)) {
      assertThat(loaded.encode("</s><x><y><z><s>", false)).containsExactly(1, 3, 4, 5, 2);
    }
  }

  @Test
  void theConfigurationSaysWhetherTextsBeginAndEndWithTheirTokens() {
    String bare =
        """
        {"added_tokens": [%s, %s], %s
         "pre_tokenizer": {"type": "Whitespace"},
         "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
        """;
    String token =
        "{\"id\": %d, \"content\": \"%s\", \"special\": true, \"single_word\": false,"
            + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false}";
    String template =
        """
        "post_processor": {"type": "TemplateProcessing",
          "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}}],
          "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
          "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        """;
    String bytes =
        "\"post_processor\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false,"
            + " \"trim_offsets\": false, \"use_regex\": true},";
    for (String processor : List.of("", template, bytes)) {
      String json =
          bare.formatted(token.formatted(1, "<s>"), token.formatted(2, "</s>"), processor);
      assertThat(tokens(json, "true", "true")).as(processor).containsExactly(1, 0, 2);
      assertThat(tokens(json, "true", "false")).as(processor).containsExactly(1, 0);
      assertThat(tokens(json, "false", "true")).as(processor).containsExactly(0, 2);
      assertThat(tokens(json, "false", "false")).as(processor).containsExactly(0);
      int[] own = processor.equals(template) ? new int[] {1, 0} : new int[] {0};
      assertThat(tokens(json, "null", "null")).as(processor).containsExactly(own);
    }
  }

  private static int[] tokens(String json, String addBos, String addEos) {
    String config =
        "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"add_bos_token\": %s,"
            + " \"add_eos_token\": %s}";
    TokenizerFiles files =
        files(
            Map.of(
                "tokenizer.json", json, "tokenizer_config.json", config.formatted(addBos, addEos)));
    try (ModelTokenizer tokenizer = ModelTokenizer.of(files.tokenizer())) {
      return tokenizer.encode("a", true);
    }
  }
}
