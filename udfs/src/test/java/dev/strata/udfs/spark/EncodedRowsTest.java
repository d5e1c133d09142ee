package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.TokenBans;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.RenderedPrompt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that are made for several rows at once are those of each row alone. */
class EncodedRowsTest {

  private static final Path MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model");
  private static final StructType SCHEMA = StructType.fromDDL("text STRING, max_new_tokens STRING");
  private static final int CONTEXT = 1024;
  private static final SamplingOptions SAMPLING = SamplingOptions.greedy(8);

  private static ModelText model;
  private static RowPrompts prompts;

  private int read;

  @BeforeAll
  static void load() {
    model = ModelText.load(EncodedRowsTest::file, List.of(), MODEL.toString());
    StrataConf conf =
        StrataConf.of(
            Map.of(
                "spark.strata.model",
                MODEL.toString(),
                "spark.strata.row.options",
                "max_new_tokens"));
    PromptOptions prompt = new PromptOptions("Say: {{text}}", "Be brief.", null);
    prompts = RowPrompts.of(conf.generationOptions(prompt), new TextColumns(SCHEMA));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Optional<byte[]> file(String name) {
    try {
      Path file = MODEL.resolve(name);
      return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Row row(String text) {
    return RowFactory.create(text, null);
  }

  private static List<Row> rows(int count) {
    return IntStream.range(0, count).mapToObj(i -> row("Sentence " + i)).toList();
  }

  private EncodedRows encoded(List<Row> rows, boolean cuts) {
    Iterator<Row> counted = rows.stream().peek(row -> read++).iterator();
    return new EncodedRows(
        new AskedRows<>(counted, EncodedRowsTest::asked),
        new RowEncoder(model, cuts, CONTEXT),
        SAMPLING);
  }

  /** A row with its bytes for what is kept of it. */
  private static AskedRow asked(Row row) {
    return new AskedRow(bytes(row), List.of(new RowAsk(prompts, row)));
  }

  private static byte[] bytes(Row row) {
    return RowCodec.encode(new Object[] {row.get(0), row.get(1)});
  }

  /** Good rows with some among them that have no text, are too long, or have a wrong option. */
  private static List<Row> mixed() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      rows.add(
          switch (i % 9) {
            case 2 -> row(null);
            case 4 -> row("many words ".repeat(20 + 10 * i));
            case 5 -> RowFactory.create("A text.", i % 2 == 0 ? "none" : "1023");
            case 7 -> row("é 🤖 \uD800 " + "😀".repeat(i));
            case 8 -> row("x".repeat(330 + i) + " ".repeat(3 * i));
            default -> row("Sentence " + i);
          });
    }
    return rows;
  }

  private static String alone(Row row, boolean cuts) {
    RowAsk ask = new RowAsk(prompts, row);
    try {
      SamplingOptions own = ask.sampling(SAMPLING);
      return Arrays.toString(new RowEncoder(model, cuts, CONTEXT).encode(ask, own.maxNewTokens()));
    } catch (RowException e) {
      return e.getMessage();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rowsAreEncodedAsEachAlone(boolean cuts) {
    List<Row> rows = mixed();
    EncodedRows encoded = encoded(rows, cuts);
    List<String> errors = new ArrayList<>();
    for (Row row : rows) {
      EncodedRow read = encoded.next(EncodedRows.MOST_ROWS);
      assertThat(read.row().kept()).isEqualTo(bytes(row));
      EncodedQuestion next = read.questions().get(0);
      String actual =
          next.error() == null ? Arrays.toString(next.tokens()) : next.error().getMessage();
      assertThat(actual).isEqualTo(alone(row, cuts));
      Stream.ofNullable(next.error()).map(RowException::getMessage).forEach(errors::add);
    }
    assertThat(encoded.hasNext()).isFalse();
    assertThat(errors)
        .contains("column 'text' is null", "max_new_tokens is 'none'; it must be a whole number");
    assertThat(errors.stream().anyMatch(e -> e.startsWith("the prompt cannot be cut to 1 tokens")))
        .isEqualTo(cuts);
  }

  @Test
  void noMoreRowsAreReadThanAllowedNorBeforeTheyAreAskedFor() {
    EncodedRows encoded = encoded(rows(300), false);
    assertThat(read).isZero();
    for (int i = 0; i < 300; i++) {
      encoded.next(1 + i % 5);
      assertThat(read).isBetween(i + 1, i + 5);
    }
    assertThat(read).isEqualTo(300);
  }

  /** The first row waits for no other, and later ones for 63 at most. */
  @Test
  void rowsTogetherBecomeMoreAndAreBounded() {
    EncodedRows encoded = encoded(rows(1000), false);
    encoded.next(Integer.MAX_VALUE);
    assertThat(read).isEqualTo(1);
    int ahead = 0;
    for (int given = 2; given <= 1000; given++) {
      encoded.next(Integer.MAX_VALUE);
      ahead = Math.max(ahead, read - given);
    }
    assertThat(ahead).isBetween(1, EncodedRows.MOST_ROWS - 1);
  }

  @Test
  void aRowDoesNotWaitForASlowInput() {
    Iterator<Row> slow =
        rows(20).stream()
            .peek(
                row -> {
                  read++;
                  pause();
                })
            .iterator();
    EncodedRows encoded =
        new EncodedRows(
            new AskedRows<>(slow, EncodedRowsTest::asked),
            new RowEncoder(model, false, CONTEXT),
            SAMPLING);
    for (int given = 1; given <= 20; given++) {
      encoded.next(EncodedRows.MOST_ROWS);
      assertThat(read).isEqualTo(given);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(25);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void badWordsHaveTheirTokens() {
    BadWords words = BadWords.of(List.of("the"));
    EncodedRows encoded =
        new EncodedRows(
            new AskedRows<>(rows(1).iterator(), EncodedRowsTest::asked),
            new RowEncoder(model, false, CONTEXT),
            SAMPLING.with(TokenBans.NONE.with(words)));
    BadWords own = encoded.next(1).questions().get(0).own().bans().badWords();
    assertThat(own).isEqualTo(model.tokenized(words)).isNotEqualTo(words);
  }

  @Test
  void longPromptsAreNotKeptTogether() {
    String text = "word ".repeat(20_000);
    List<Row> rows = IntStream.range(0, 12).mapToObj(i -> row(text)).toList();
    EncodedRows encoded = encoded(rows, false);
    for (int given = 1; given <= 12; given++) {
      encoded.next(EncodedRows.MOST_ROWS);
      assertThat(read - given).isLessThan(3);
    }
  }

  /** One that the tokenizer cannot bear leaves all to be made alone. */
  @Test
  void promptsThatCannotBeEncodedTogetherAreLeftToEncode() {
    RowEncoder encoder = new RowEncoder(model, false, CONTEXT);
    RenderedPrompt good = model.plainPrompt("A text.");
    RenderedPrompt impossible = new RenderedPrompt(null, true);
    assertThat(encoder.encodeAll(Arrays.asList(good, null, impossible)))
        .containsExactly(null, null, null);
    assertThat(encoder.isRight(new RowAsk(prompts, row("x")), null, 8)).isFalse();
    assertThat(encoder.encodeAll(Arrays.asList(null, good)))
        .containsExactly(null, model.encode(good));
    assertThatThrownBy(() -> model.encodeAll(List.of(good, impossible)))
        .isInstanceOf(RuntimeException.class);
  }
}
