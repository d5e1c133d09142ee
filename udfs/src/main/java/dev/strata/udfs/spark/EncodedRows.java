package dev.strata.udfs.spark;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.text.RenderedPrompt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Rows with their tokens, which are made for several rows at once: the tokenizer shares them among
 * the machine's cores. Rows are read when they are asked for, on the thread that asks. At first
 * each is given out before the next is read, and again when the input was slow, so that no row
 * waits long for those behind it.
 */
final class EncodedRows {

  /** The most rows that are read before the first of them is given out. */
  static final int MOST_ROWS = 64;

  /** No further row is read once the prompts of those that were have as many chars. */
  private static final long MOST_CHARS = 256 << 10;

  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Iterator<AskedRow> input;
  private final RowEncoder encoder;
  private final SamplingOptions sampling;
  private final Deque<EncodedRow> ready = new ArrayDeque<>();
  private int batchRows = 1;

  /**
   * @param sampling the options of questions that have none of their own
   */
  EncodedRows(Iterator<AskedRow> input, RowEncoder encoder, SamplingOptions sampling) {
    this.input = input;
    this.encoder = encoder;
    this.sampling = sampling;
  }

  boolean hasNext() {
    return !ready.isEmpty() || input.hasNext();
  }

  /** Whether the next row is there without a wait for the input. */
  boolean hasReady() {
    return !ready.isEmpty();
  }

  /**
   * The next row.
   *
   * @param most how many rows may be read from the input for it, at least 1
   */
  EncodedRow next(int most) {
    if (ready.isEmpty()) {
      read(Math.min(most, batchRows));
    }
    return ready.remove();
  }

  private void read(int most) {
    long start = System.nanoTime();
    List<RenderedRow> rows = new ArrayList<>();
    long chars = 0;
    do {
      RenderedRow row = render(input.next());
      rows.add(row);
      chars += row.chars();
    } while (rows.size() < most && chars < MOST_CHARS && !isSlow(start) && input.hasNext());
    batchRows = isSlow(start) ? 1 : Math.min(2 * batchRows, MOST_ROWS);
    encode(rows);
  }

  private static boolean isSlow(long start) {
    return System.nanoTime() - start > SLOW_NANOS;
  }

  private record RenderedRow(AskedRow row, List<Rendered> questions) {

    long chars() {
      return questions.stream().mapToLong(Rendered::chars).sum();
    }
  }

  /**
   * A question that was read.
   *
   * @param prompt null where its tokens have to be made alone
   * @param given what of it is before what is scored; null where all is, or the prompt is null
   */
  private record Rendered(
      Question question,
      SamplingOptions own,
      RenderedPrompt prompt,
      RenderedPrompt given,
      RowException error) {

    static Rendered of(Question question, SamplingOptions own, RowEncoder encoder) {
      RenderedPrompt prompt = encoder.rendered(question, question.newTokens(own));
      RenderedPrompt given = prompt == null ? null : question.prompt().given(encoder.text());
      return new Rendered(question, own, prompt, given, null);
    }

    /** What is encoded of it, either null where there is none. */
    Stream<RenderedPrompt> texts() {
      return Stream.of(prompt, given);
    }

    long chars() {
      return prompt == null ? MOST_CHARS : prompt.text().length();
    }
  }

  private RenderedRow render(AskedRow row) {
    return new RenderedRow(row, row.questions().stream().map(this::render).toList());
  }

  private Rendered render(Question question) {
    try {
      SamplingOptions own = encoder.withTokens(question.sampling(sampling));
      return Rendered.of(question, own, encoder);
    } catch (RowException e) {
      return new Rendered(question, null, null, null, e);
    }
  }

  private void encode(List<RenderedRow> rows) {
    Stream<Rendered> questions = rows.stream().flatMap(row -> row.questions().stream());
    Iterator<int[]> tokens =
        encoder.encodeAll(questions.flatMap(Rendered::texts).toList()).iterator();
    for (RenderedRow row : rows) {
      ready.add(
          new EncodedRow(
              row.row(),
              row.questions().stream()
                  .map(q -> encoded(q, tokens.next(), tokens.next()))
                  .toList()));
    }
  }

  private EncodedQuestion encoded(Rendered rendered, int[] tokens, int[] given) {
    Question question = rendered.question();
    if (rendered.error() != null) {
      return EncodedQuestion.failed(question, rendered.error());
    }
    try {
      int newTokens = question.newTokens(rendered.own());
      int[] right =
          encoder.isRight(question, tokens, newTokens)
              ? tokens
              : encoder.encode(question, newTokens);
      int before = given == null ? encoder.given(question) : given.length;
      return new EncodedQuestion(question, rendered.own(), right, before, null);
    } catch (RowException e) {
      return EncodedQuestion.failed(question, e);
    }
  }
}
