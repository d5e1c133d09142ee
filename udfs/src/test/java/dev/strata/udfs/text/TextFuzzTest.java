package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.Fuzzer;
import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever stands in the files of a tokenizer, it loads or is refused; {@link Fuzzer} says how. */
class TextFuzzTest {

  /** Expressions are judged by the sets of their characters, which are of all characters. */
  private static final long BYTES_OF_ANY = 8L << 20;

  private static final String BPE =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [
         {"id": 8, "content": "<s>", "special": true, "single_word": false, "lstrip": false,
          "rstrip": false, "normalized": false},
         {"id": 9, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
          "rstrip": false, "normalized": false}],
       "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
         {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
         {"type": "Prepend", "prepend": "_"}]},
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
         {"type": "Split", "pattern": {"Regex":
           "(?i:'s|'t)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"},
          "behavior": "Isolated", "invert": false},
         {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]},
       "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
           {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [8], "tokens": ["<s>"]}}},
       "decoder": {"type": "Sequence", "decoders": [
         {"type": "Replace", "pattern": {"String": "_"}, "content": " "}, {"type": "ByteFallback"},
         {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
       "model": {"type": "BPE", "dropout": null, "unk_token": "u", "continuing_subword_prefix": null,
         "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
         "vocab": {"a": 0, "b": 1, "ab": 2, "_": 3, "u": 4, "<0x41>": 5, "_a": 6, "1": 7},
         "merges": ["a b", "_ a"]}}
      """;

  private static final String CONFIG =
      """
      {"add_bos_token": true, "add_eos_token": false, "bos_token": "<s>",
       "eos_token": {"__type": "AddedToken", "content": "</s>", "special": true},
       "unk_token": null, "additional_special_tokens": ["<x>", {"content": "<y>"}],
       "extra_special_tokens": {"image_token": "<i>"}, "model_max_length": 1e30,
       "added_tokens_decoder": {"8": {"content": "<s>", "special": true, "lstrip": false},
         "9": {"content": "</s>", "special": true}},
       "chat_template": [{"name": "default", "template": "{{ messages[0].content }}"},
         {"name": "tool_use", "template": "x"}]}
      """;

  private static final String SPECIAL =
      """
      {"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "unk_token": "u",
       "additional_special_tokens": ["<x>", {"content": "<y>"}]}
      """;

  private static final String ARGUMENTS =
      """
      {"enable_thinking": false, "tools": [{"name": "f", "x": [1, -2.5, 1e3, null, true]}],
       "text": "a\\\\u00e9\\\\n", "deep": {"a": {"b": {"c": []}}}, "n": 9007199254740993}
      """;

  private static final List<Message> CONVERSATION = List.of(new Message("user", "ab a1 <s>A b\n"));

  @Test
  void tokenizers() {
    Fuzzer.run(
        List.of(BPE, resource("unigram"), resource("metaspace")),
        text -> load(text, CONFIG, SPECIAL),
        BYTES_OF_ANY);
  }

  @Test
  void tokenizerConfigurations() {
    Fuzzer.run(List.of(CONFIG), text -> load(BPE, text, SPECIAL), BYTES_OF_ANY);
  }

  @Test
  void specialTokensMaps() {
    Fuzzer.run(
        List.of(SPECIAL), text -> load(BPE, "{\"add_bos_token\": true}", text), BYTES_OF_ANY);
  }

  @Test
  void argumentsForTemplates() {
    Fuzzer.run(
        List.of(ARGUMENTS),
        text -> assertThat(TemplateArguments.parse(text)).asString().startsWith("{"));
  }

  private static void load(String tokenizer, String config, String special) {
    Checkpoint files =
        Checkpoint.of("none")
            .with("tokenizer.json", tokenizer)
            .with("tokenizer_config.json", config)
            .with("special_tokens_map.json", special);
    try (ModelText text = files.load()) {
      use(text);
    }
  }

  /** What a tokenizer of another make does to a text may be any error of the row. */
  private static void use(ModelText text) {
    try {
      text.decode(text.encode(CONVERSATION));
    } catch (StrataException e) {
      throw new AssertionError("the file is to blame, and was loaded", e);
    } catch (RuntimeException e) {
      // The row's.
    }
  }

  private static String resource(String name) {
    try (InputStream stream =
        TextFuzzTest.class.getResourceAsStream("/text/" + name + "/tokenizer.json")) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
