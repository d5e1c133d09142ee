package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTextTest {

  private static ModelText demo;

  @BeforeAll
  static void load() {
    demo = Checkpoint.of("demo").load();
  }

  @AfterAll
  static void close() {
    demo.close();
  }

  @Test
  void rendersTheModelsTemplateWithItsSpecialTokens() {
    assertThat(demo.render(List.of(new Message("system", "Be brief."), user(" Hello. "))))
        .isEqualTo(
            "<|begin_of_text|><|system|>\nBe brief.<|end|>\n<|user|>\nHello.<|end|>\n<|assistant|>\n");
  }

  @Test
  void specialTokensSpelledInTheTextBecomeOneTokenEachAndNoneIsAdded() {
    int[] tokens = demo.encode(List.of(user("Hello.")));
    assertThat(tokens).startsWith(0, 1).contains(3, 2);
    assertThat(Arrays.stream(tokens).filter(id -> id <= 5)).containsExactly(0, 1, 3, 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Grüße aus Zürich, çà et là.",
        "你好，世界 — ありがとう",
        "👩‍👩‍👧‍👦 and 🤖 and 🇫🇷",
        "a\0b",
        "tabs\tand\r\nlines\n\n\n",
        "don't  clean , this . up ?"
      })
  void decodesWhatItEncodes(String text) {
    int[] tokens = demo.encode(List.of(user("." + text + ".")));
    assertThat(demo.decode(tokens)).isEqualTo("\n." + text + ".\n\n");
  }

  @Test
  void longTextsAreNotCut() {
    String text = "The quick brown fox jumps over the lazy dog. ".repeat(300).strip();
    int[] tokens = demo.encode(List.of(user(text)));
    assertThat(tokens).hasSizeGreaterThan(3000);
    assertThat(demo.decode(tokens)).isEqualTo("\n" + text + "\n\n");
  }

  @Test
  void bytesOfACharacterThatIsSplitOverTokensComeTogether() {
    int[] tokens = demo.encode(List.of(user("🤖")));
    int[] robot = Arrays.copyOfRange(tokens, 3, tokens.length - 4);
    assertThat(robot).hasSizeGreaterThan(1);
    assertThat(demo.decode(robot)).isEqualTo("🤖");
    assertThat(demo.decode(Arrays.copyOf(robot, 1))).isEqualTo("\uFFFD");
  }

  @Test
  void surrogatesWithoutPartnerAreReplaced() {
    assertThat(demo.encode(List.of(user("a\uD800b\uDC00"))))
        .isEqualTo(demo.encode(List.of(user("a\uFFFDb\uFFFD"))));
  }

  /** Against vLLM's SamplingParams.update_from_tokenizer. */
  @ParameterizedTest
  @ValueSource(strings = {"the", " the", "\n the ", "dragon", "xyzzy", "é", ".", "The cat", "😀"})
  void badWordsAreWrittenAloneAndBehindASpace(String word) {
    List<List<Integer>> expected = new ArrayList<>();
    for (boolean addPrefixSpace : new boolean[] {false, true}) {
      String prompt = (addPrefixSpace ? " " : "") + word.stripLeading();
      List<Integer> ids =
          Arrays.stream(demo.encode(new RenderedPrompt(prompt, false))).boxed().toList();
      if (!addPrefixSpace
          || (!ids.get(0).equals(expected.get(0).get(0)) && ids.size() == expected.get(0).size())) {
        expected.add(ids);
      }
    }
    BadWords words = demo.tokenized(BadWords.of(List.of(word, "a")));
    assertThat(words.texts()).containsExactly(word, "a");
    assertThat(words.tokens().subList(0, expected.size())).isEqualTo(expected);
    assertThat(words.tokens().size()).isBetween(expected.size() + 1, expected.size() + 2);
  }

  /** A tokenizer that begins words with a space itself makes one word of both. */
  @Test
  void aSpaceThatChangesNothingIsNoOtherWord() {
    try (ModelText unigram = Checkpoint.of("unigram").load()) {
      assertThat(unigram.tokenized(BadWords.of(List.of("hello", "the"))).tokens())
          .containsExactly(List.of(11), List.of(3, 0, 4, 5));
    }
  }

  @Test
  void batchesAreEncodedAsSingleTexts() {
    List<List<Message>> conversations =
        IntStream.range(0, 50).mapToObj(i -> List.of(user("Sentence " + i + " é 🤖"))).toList();
    List<int[]> batch = demo.encodeAll(conversations.stream().map(demo::prompt).toList());
    assertThat(batch).hasSize(50);
    for (int i = 0; i < batch.size(); i++) {
      assertThat(batch.get(i)).isEqualTo(demo.encode(conversations.get(i)));
    }
    assertThat(demo.encodeAll(List.of())).isEmpty();
  }

  @Test
  void idsThatAreNoTokensAreLeftOutOfTheText() {
    int[] tokens = demo.encode(new RenderedPrompt("Hello", false));
    int[] more = Arrays.copyOf(tokens, tokens.length + 1);
    more[tokens.length] = 1_000_000;
    assertThat(demo.decode(more)).isEqualTo("Hello");
    assertThat(demo.decode(new int[0])).isEmpty();
  }

  @Test
  void aModelWithoutTemplateTakesPlainTextAndItsTokenizersSpecialTokens() {
    try (ModelText plain = Checkpoint.of("metaspace").load()) {
      int[] tokens = plain.encode(List.of(user("hello world")));
      assertThat(tokens).hasSize(3).startsWith(1);
      assertThat(plain.decode(tokens)).isEqualTo("hello world");
      assertThat(plain.render(List.of(new Message("system", "hello"), user("world"))))
          .isEqualTo("hello\n\nworld");
      assertThatThrownBy(() -> plain.render(List.of(user("a"), new Message("assistant", "b"))))
          .isInstanceOf(RowException.class)
          .hasMessageContaining("no chat template")
          .hasMessageContaining("[user, assistant]");
    }
  }

  @Test
  void truncationAndPaddingOfTokenizerJsonAreIgnored() {
    try (ModelText plain = Checkpoint.of("metaspace").load()) {
      assertThat(plain.encode(List.of(user("hello ".repeat(30).strip())))).hasSize(31);
      assertThat(
              plain.encodeAll(
                  List.of(plain.plainPrompt("hello world"), plain.plainPrompt("hello"))))
          .extracting(tokens -> tokens.length)
          .containsExactly(3, 2);
    }
  }

  @Test
  void byteFallbackReadsWhatTheVocabularyLacks() {
    try (ModelText plain = Checkpoint.of("metaspace").load()) {
      int[] tokens = plain.encode(List.of(user("hello 🤖")));
      assertThat(tokens).hasSize(1 + 1 + 1 + 4);
      assertThat(plain.decode(tokens)).isEqualTo("hello 🤖");
    }
  }

  @Test
  void unigramTokenizersAreRead() {
    try (ModelText unigram = Checkpoint.of("unigram").load()) {
      int[] tokens = unigram.encode(List.of(user("hello world")));
      assertThat(tokens).containsExactly(11, 12);
      assertThat(unigram.decode(tokens)).isEqualTo("hello world");
    }
  }

  @Test
  void aPromptWithoutTokensIsTheRowsError() {
    try (ModelText unigram = Checkpoint.of("unigram").load()) {
      assertThatThrownBy(() -> unigram.encode(List.of(user(""))))
          .isInstanceOf(RowException.class)
          .hasMessage("the prompt has no tokens");
    }
  }

  @Test
  void aTemplateThatRefusesIsTheRowsError() {
    try (ModelText text =
        Checkpoint.of("demo")
            .with("chat_template.jinja", "{{ raise_exception('roles must alternate') }}")
            .load()) {
      assertThatThrownBy(() -> text.encode(List.of(user("a"))))
          .isInstanceOf(RowException.class)
          .hasMessage("the chat template refuses the conversation: roles must alternate");
    }
  }

  @Test
  void aTemplateThatFailsOrRunsAwayIsTheRowsError() {
    try (ModelText text =
        Checkpoint.of("demo")
            .with(
                "chat_template.jinja",
                "{% if messages[0].content == 'a' %}{{ messages[7].content }}{% else %}"
                    + "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}"
                    + "{% endfor %}{% endif %}")
            .load()) {
      for (String content : List.of("a", "b")) {
        assertThatThrownBy(() -> text.encode(List.of(user(content))))
            .isInstanceOf(RowException.class)
            .hasMessageStartingWith("the chat template fails on the conversation: ");
      }
    }
  }

  @Test
  void noTokenizerIsOneClearSentence() {
    assertThatThrownBy(() -> Checkpoint.of("demo").without("tokenizer.json").load())
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("/models/x has no tokenizer.json: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{\"added_tokens\": 3}", "{\"version\": \"1.0\"}"})
  void aDamagedTokenizerIsNamed(String json) {
    assertThatThrownBy(() -> Checkpoint.of("demo").with("tokenizer.json", json).load())
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("/models/x/tokenizer.json cannot be read: ");
  }

  @Test
  void aDamagedConfigurationOrTemplateIsNamed() {
    assertThatThrownBy(() -> Checkpoint.of("demo").with("tokenizer_config.json", "{]").load())
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("/models/x/tokenizer_config.json is not valid JSON at line 1");
    assertThatThrownBy(() -> Checkpoint.of("demo").with("chat_template.jinja", "{% if %}").load())
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("/models/x has a chat template that cannot be read: ");
  }

  private static Message user(String content) {
    return new Message("user", content);
  }
}
