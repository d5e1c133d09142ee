package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.decode.RowSeed;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.TemplateArguments;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.catalyst.expressions.GenericRow;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

/** A row's prompt is made once, and its content is digested only where that matters. */
class RowAskTest {

  private static final Path MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model");
  private static final StructType SCHEMA =
      StructType.fromDDL(
          "text STRING, id STRING, seed BIGINT, temperature DOUBLE, chat_template_kwargs STRING");
  private static final int CONTEXT = 1024;
  private static final SamplingOptions GREEDY = SamplingOptions.greedy(8);
  private static final SamplingOptions SAMPLED =
      new SamplingOptions(8, 1, 0.7, 0, 1, 0, List.of(), false);

  /** A row that counts how often its text is read, as each making of its prompt does. */
  private static final class CountingRow extends GenericRow {

    private static final long serialVersionUID = 1L;

    private int reads;

    CountingRow(Object... values) {
      super(values);
    }

    @Override
    public Object get(int column) {
      reads += column == 0 ? 1 : 0;
      return super.get(column);
    }
  }

  private static RowPrompts prompts(String... leaves) {
    Map<String, String> settings = new HashMap<>();
    settings.put("spark.strata.model", MODEL.toString());
    for (int i = 0; i < leaves.length; i += 2) {
      settings.put("spark.strata." + leaves[i], leaves[i + 1]);
    }
    PromptOptions prompt = new PromptOptions("Say: {{text}}", null, null);
    return RowPrompts.of(
        StrataConf.of(settings).generationOptions(prompt), new TextColumns(SCHEMA));
  }

  private static ModelText model() {
    return ModelText.load(RowAskTest::file, List.of(), MODEL.toString());
  }

  private static Optional<byte[]> file(String name) {
    try {
      Path file = MODEL.resolve(name);
      return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static CountingRow row(String text) {
    return row(text, null);
  }

  private static CountingRow row(String text, String arguments) {
    return new CountingRow(text, null, null, null, arguments);
  }

  private static long contentSeed(long run, String text) {
    List<Message> conversation = List.of(new Message("user", "Say: " + text));
    RowPrompt prompt = RowPrompt.conversation(conversation, TemplateArguments.NONE);
    return RowSeed.of(run, ContentId.of(prompt, SAMPLED));
  }

  @Test
  void thePromptIsMadeOnceForTokensAndSeed() {
    try (ModelText text = model()) {
      for (boolean cuts : new boolean[] {false, true}) {
        for (SamplingOptions own : List.of(GREEDY, SAMPLED)) {
          CountingRow row = row("hello");
          RowAsk ask = new RowAsk(prompts(), row);
          assertThat(new RowEncoder(text, cuts, CONTEXT).encode(ask, 8)).isNotEmpty();
          assertThat(ask.seed(7, own)).isEqualTo(own.isGreedy() ? 0 : contentSeed(7, "hello"));
          assertThat(row.reads).as("cuts %s, %s", cuts, own).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void nothingIsMadeForASeedThatIsNotDrawnFromOrHasAnId() {
    CountingRow row = new CountingRow("hello", "row-1", 5L, null);
    assertThat(new RowAsk(prompts(), row).seed(7, GREEDY)).isZero();
    RowPrompts withId = prompts("id.column", "id");
    assertThat(new RowAsk(withId, row).seed(7, SAMPLED)).isEqualTo(RowSeed.of(7, "row-1"));
    assertThat(row.reads).isZero();
  }

  @Test
  void aSeedThatTheRowBringsTakesTheRunsPlaceAndItsContentTheIds() {
    RowPrompts brought = prompts("id.column", "id", "row.options", "seed,temperature");
    CountingRow row = new CountingRow("hello", "row-1", 5L, null);
    assertThat(new RowAsk(brought, row).seed(7, SAMPLED)).isEqualTo(contentSeed(5, "hello"));
    CountingRow warm = new CountingRow("hello", "row-1", 5L, 0.7);
    assertThat(new RowAsk(brought, warm).sampling(GREEDY)).isEqualTo(SAMPLED);
  }

  /** The error of a column does not depend on who reads it. */
  @Test
  void aSeedThatIsNoNumberIsTheRowsErrorThoughItIsGreedy() {
    RowPrompts brought = prompts("row.options", "seed");
    CountingRow row = new CountingRow("hello", null, "often", null);
    assertThatThrownBy(() -> new RowAsk(brought, row).seed(7, GREEDY))
        .isInstanceOf(RowException.class)
        .hasMessage("seed is 'often'; it must be a whole number");
  }

  @Test
  void aRowsArgumentsForTheTemplateLieOverTheRuns() {
    RowPrompts prompts =
        prompts(
            "chat.template.kwargs", "{\"a\": 1, \"b\": 1}", "row.options", "chat_template_kwargs");
    for (String none : new String[] {null, " "}) {
      assertThat(prompts.prompt(row("hello", none), UnaryOperator.identity()).arguments())
          .hasToString("{\"a\":1,\"b\":1}");
    }
    RowPrompt own = prompts.prompt(row("hello", "{\"b\": 2}"), UnaryOperator.identity());
    assertThat(own.arguments()).hasToString("{\"a\":1,\"b\":2}");
    assertThatThrownBy(() -> prompts.prompt(row("hello", "b=2"), UnaryOperator.identity()))
        .isInstanceOf(RowException.class)
        .hasMessageStartingWith("chat_template_kwargs is 'b=2'; it must be a JSON object");
  }

  @Test
  void theRunsTemplateIsThatOfItsRows() {
    RowPrompt plain = prompts().prompt(row("hello", null), UnaryOperator.identity());
    RowPrompt rag =
        prompts("chat.template.name", "rag").prompt(row("hello", null), UnaryOperator.identity());
    assertThat(plain.arguments().template()).isNull();
    assertThat(rag.arguments().template()).isEqualTo("rag");
    assertThat(rag.digest(new Sha256()).hex(32)).isNotEqualTo(plain.digest(new Sha256()).hex(32));
  }

  @Test
  void argumentsOfTheRunThatCannotBeReadAreAUsageError() {
    assertThatThrownBy(() -> prompts("chat.template.kwargs", "{\"tokenize\": true}"))
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.USAGE))
        .hasMessage(
            "--chat-template-kwargs (spark.strata.chat.template.kwargs): chat_template_kwargs names"
                + " 'tokenize', which is no variable of a template; leave it out");
  }

  @Test
  void theSeedOfAPromptThatWasCutIsThatOfTheWholeOne() {
    try (ModelText text = model()) {
      String many = "many words ".repeat(2000).strip();
      RowAsk ask = new RowAsk(prompts(), row(many));
      int[] tokens = new RowEncoder(text, true, CONTEXT).encode(ask, 8);
      assertThat(tokens).hasSizeLessThanOrEqualTo(CONTEXT - 8);
      assertThat(ask.seed(7, SAMPLED)).isEqualTo(contentSeed(7, many));
      assertThat(ask.prompt(UnaryOperator.identity())).isEqualTo(ask.prompt());
    }
  }
}
