package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StopStringScannerTest {

  private static ModelText demo;
  private static ModelText metaspace;

  @BeforeAll
  static void load() {
    demo = Checkpoint.of("demo").load();
    metaspace = Checkpoint.of("metaspace").load();
  }

  @AfterAll
  static void close() {
    demo.close();
    metaspace.close();
  }

  @Test
  void aStopStringOverSeveralTokensIsFoundWithItsLast() {
    int[] tokens = tokens(demo, "A long text before it, quite long. Question: what?");
    String stop = "Question:";
    int expected = firstCountContaining(demo, tokens, stop);
    assertThat(tokens(demo, stop)).hasSizeGreaterThan(1);
    assertThat(stopsAt(demo, tokens, stop)).isEqualTo(expected);
  }

  @Test
  void charactersSplitOverTokensAreFoundWithTheirLastByte() {
    int[] tokens = tokens(demo, "some words 🤖🤖 then 你好 end");
    for (String stop : List.of("🤖", "🤖🤖", "words 🤖", "你好", "好", " end")) {
      int expected = firstCountContaining(demo, tokens, stop);
      assertThat(stopsAt(demo, tokens, stop)).as(stop).isEqualTo(expected);
    }
  }

  @Test
  void aStopStringBeforeAnUnfinishedCharacterIsFound() {
    int[] robot = tokens(demo, "🤖");
    int[] tokens = concat(tokens(demo, "stop"), Arrays.copyOf(robot, 1));
    assertThat(stopsAt(demo, tokens, "stop")).isEqualTo(tokens.length - 1);
    assertThat(new StopStringScanner(demo, List.of("stop")).stops(tokens, tokens.length)).isTrue();
  }

  @Test
  void specialTokensInBetweenDoNotHideAStopString() {
    int[] end = {3};
    int[] many = new int[40];
    Arrays.fill(many, 3);
    int[] tokens = concat(concat(tokens(demo, "abc ST"), end), concat(many, tokens(demo, "OP")));
    assertThat(stopsAt(demo, tokens, "STOP")).isEqualTo(tokens.length);
  }

  @Test
  void aSpecialTokensTextStopsAtThatToken() {
    int[] tokens = concat(tokens(demo, "abc"), new int[] {3, 4});
    assertThat(stopsAt(demo, tokens, "<|end|>")).isEqualTo(tokens.length - 1);
  }

  @Test
  void leadingSpacesCountInsideATextAndNotAtItsStart() {
    int[] tokens = metaspace.encode(metaspace.plainPrompt("hello world hello"));
    assertThat(stopsAt(metaspace, tokens, " hello")).isEqualTo(tokens.length);
    assertThat(stopsAt(metaspace, tokens, " world")).isEqualTo(tokens.length - 1);
    assertThat(stopsAt(metaspace, tokens, "hello")).isEqualTo(2);
    assertThat(stopsAt(metaspace, tokens, "nowhere")).isEqualTo(-1);
  }

  @Test
  void agreesWithDecodingEverythingOnRandomTokens() {
    Random random = new Random(3);
    List<String> stops = List.of("e", "th", ". ", " th", "ing", "é", "\n");
    for (int round = 0; round < 300; round++) {
      // Low ids are the bytes: half of the tokens are parts of characters.
      int[] tokens =
          IntStream.range(0, 60)
              .map(i -> random.nextBoolean() ? random.nextInt(262) : random.nextInt(8192))
              .toArray();
      String stop = stops.get(random.nextInt(stops.size()));
      assertThat(stopsAt(demo, tokens, stop))
          .as("%s in %s", stop, Arrays.toString(tokens))
          .isEqualTo(firstCountContaining(demo, tokens, stop));
    }
  }

  @Test
  void longRunsOfByteTokensAreFollowed() {
    int[] tokens = tokens(metaspace, "hello 你好世界你好世界再见🤖了 world");
    for (String stop : List.of("再", "见🤖", "了", "界再", "🤖了 w", " world")) {
      assertThat(stopsAt(metaspace, tokens, stop))
          .as(stop)
          .isEqualTo(firstCountContaining(metaspace, tokens, stop))
          .isPositive();
    }
  }

  @Test
  void agreesWithDecodingEverythingOnRandomBytesAndWords() {
    Random random = new Random(4);
    int[] bytes = tokens(metaspace, "é好🤖");
    for (int round = 0; round < 50; round++) {
      int[] tokens =
          IntStream.range(0, 80)
              .map(
                  i ->
                      random.nextInt(3) == 0
                          ? 259 + random.nextInt(24)
                          : bytes[(i + random.nextInt(20) / 19) % bytes.length])
              .toArray();
      for (String stop : List.of("é", "好🤖", " hello", "lo", "o w", "orl")) {
        assertThat(stopsAt(metaspace, tokens, stop))
            .as("%s in %s", stop, Arrays.toString(tokens))
            .isEqualTo(firstCountContaining(metaspace, tokens, stop));
      }
    }
  }

  @Test
  void truncateCutsBeforeTheFirstStopString() {
    assertThat(StopStringScanner.truncate("one two three", List.of("three", "two")))
        .isEqualTo("one ");
    assertThat(StopStringScanner.truncate("one two", List.of("three"))).isEqualTo("one two");
    assertThat(StopStringScanner.truncate("one", List.of())).isEqualTo("one");
    assertThat(StopStringScanner.truncate("stop", List.of("stop"))).isEmpty();
  }

  /** The count of tokens at which the scanner stops, -1 if it does not. */
  private static int stopsAt(ModelText text, int[] tokens, String stop) {
    StopStringScanner scanner = new StopStringScanner(text, List.of("not there", stop));
    return IntStream.rangeClosed(1, tokens.length)
        .filter(count -> scanner.stops(tokens, count))
        .findFirst()
        .orElse(-1);
  }

  private static int firstCountContaining(ModelText text, int[] tokens, String stop) {
    return IntStream.rangeClosed(1, tokens.length)
        .filter(count -> text.decode(Arrays.copyOf(tokens, count)).contains(stop))
        .findFirst()
        .orElse(-1);
  }

  private static int[] tokens(ModelText model, String text) {
    return model.encode(new RenderedPrompt(text, false));
  }

  private static int[] concat(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }
}
