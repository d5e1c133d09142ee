package dev.strata.udfs.engine;

import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.transformer.TokenBlock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which tokens go through the model in one sweep: for each sequence a run of its pending tokens,
 * runs side by side without padding. Sequences that only need their next token have precedence over
 * prompts, which go in chunks where the sweep is too small for them.
 */
final class SweepSchedule {

  /**
   * A sequence's part in the sweep.
   *
   * @param first its first token in the sweep's order
   * @param position that token's position in the sequence
   * @param count how many tokens
   */
  record Run(Sequence sequence, int first, int position, int count) {

    /** Whether the sequence's next token is chosen after this sweep. */
    boolean choosesToken() {
      return position + count == sequence.length();
    }

    /** How many of its tokens went through the model before their sequence was put back. */
    private int resumed() {
      return Math.max(0, Math.min(position + count, sequence.reached()) - position);
    }

    private int promptTokens() {
      int end = Math.min(position + count, sequence.promptLength());
      return Math.max(0, end - (position + resumed()));
    }
  }

  /**
   * A token after which the head is computed.
   *
   * @param token the token in the sweep's order
   * @param position its position in its sequence
   * @param choosesToken whether the sequence's next token is chosen from its logits
   */
  record HeadRow(Run run, int token, int position, boolean choosesToken) {}

  private static final String OWNER = "sweep's schedule";

  /** A run, its count, its order and its tokens in the head. */
  private static final int RUN_BYTES = 256;

  private final List<Run> runs = new ArrayList<>();
  private int tokens;

  private SweepSchedule() {}

  /**
   * @param sweepTokens the most tokens of the sweep
   * @param logitRows the most tokens whose logits can be kept in full
   */
  static SweepSchedule of(List<Sequence> wave, int sweepTokens, int logitRows) {
    Map<Sequence, Integer> counts = counts(wave, sweepTokens, logitRows);
    SweepSchedule schedule = new SweepSchedule();
    // Side by side as in the KV pool, so that keys and values move in few copies.
    counts.keySet().stream()
        .sorted(Comparator.comparingInt(sequence -> sequence.extent().begin()))
        .forEach(sequence -> schedule.add(sequence, counts.get(sequence)));
    return schedule;
  }

  /** What a schedule of so many runs takes, its tokens' positions and ids included. */
  static Footprint footprint(int runs, int tokens) {
    long perToken = 2L * Long.BYTES + Integer.BYTES;
    return Footprint.heap(OWNER, (long) runs * RUN_BYTES + tokens * perToken);
  }

  /** How many tokens of each sequence: those that only need their next one go first. */
  private static Map<Sequence, Integer> counts(
      List<Sequence> wave, int sweepTokens, int logitRows) {
    Map<Sequence, Integer> counts = new HashMap<>();
    int freeTokens = sweepTokens;
    int freeLogitRows = logitRows - (int) wave.stream().filter(SweepSchedule::needsOneRow).count();
    List<Sequence> order =
        wave.stream().sorted(Comparator.comparing((Sequence s) -> s.pending() > 1)).toList();
    for (Sequence sequence : order) {
      int count = Math.min(sequence.pending(), freeTokens);
      if (observesAll(sequence)) {
        count = Math.min(count, freeLogitRows);
        freeLogitRows -= count;
      }
      if (count > 0) {
        counts.put(sequence, count);
        freeTokens -= count;
      }
    }
    return counts;
  }

  private void add(Sequence sequence, int count) {
    runs.add(new Run(sequence, tokens, sequence.cached(), count));
    tokens += count;
  }

  private static boolean needsOneRow(Sequence sequence) {
    return sequence.request().needsLogits() && !observesAll(sequence);
  }

  private static boolean observesAll(Sequence sequence) {
    LogitsObserver observer = sequence.request().observer();
    return observer != null && observer.everyPosition();
  }

  List<Run> runs() {
    return runs;
  }

  /** Tokens of the whole sweep. */
  int tokens() {
    return tokens;
  }

  /** How many of them are of prompts and go through the model for the first time. */
  int promptTokens() {
    return runs.stream().mapToInt(Run::promptTokens).sum();
  }

  /** How many of them go through the model again because their sequence was put back. */
  int resumedTokens() {
    return runs.stream().mapToInt(Run::resumed).sum();
  }

  /**
   * The sweep's tokens in micro-batches of at most {@code blockTokens}. A sequence is cut in two
   * only where it is longer than that: its second part would have to wait for the first part's keys
   * and values.
   */
  List<TokenBlock> blocks(int blockTokens, KvBatch.Cutter cutter) {
    List<TokenBlock> blocks = new ArrayList<>();
    List<KvBatch.Run> parts = new ArrayList<>();
    int begin = 0;
    int end = 0;
    for (Run run : runs) {
      for (int done = 0; done < run.count(); ) {
        boolean startsAnew = done == 0 && run.count() <= blockTokens;
        int room = blockTokens - (end - begin);
        if (room == 0 || (startsAnew && run.count() > room)) {
          blocks.add(new TokenBlock(begin, end - begin, cutter.cut(parts)));
          parts = new ArrayList<>();
          begin = end;
          room = blockTokens;
        }
        int count = Math.min(room, run.count() - done);
        parts.add(new KvBatch.Run(run.sequence().extent(), run.position() + done, count));
        done += count;
        end += count;
      }
    }
    blocks.add(new TokenBlock(begin, end - begin, cutter.cut(parts)));
    return blocks;
  }

  /** Each token's position in its sequence. */
  long[] positions() {
    return perToken((run, i) -> run.position() + i);
  }

  /** Each token's id. */
  int[] tokenIds() {
    long[] ids = perToken((run, i) -> run.sequence().tokens()[run.position() + i]);
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = (int) ids[i];
    }
    return narrow;
  }

  private interface TokenValue {
    long of(Run run, int index);
  }

  private long[] perToken(TokenValue value) {
    long[] values = new long[tokens];
    for (Run run : runs) {
      for (int i = 0; i < run.count(); i++) {
        values[run.first() + i] = value.of(run, i);
      }
    }
    return values;
  }

  /**
   * The tokens after which the head is computed; those whose logits are needed in full come first.
   */
  List<HeadRow> headRows() {
    List<HeadRow> rows = new ArrayList<>();
    for (Run run : runs) {
      int last = run.count() - 1;
      // What was observed before the sequence was put back is not observed again.
      for (int i = observesAll(run.sequence()) ? run.resumed() : last; i <= last; i++) {
        boolean chooses = i == last && run.choosesToken();
        if (chooses || observesAll(run.sequence())) {
          rows.add(new HeadRow(run, run.first() + i, run.position() + i, chooses));
        }
      }
    }
    rows.sort(Comparator.comparing(row -> !row.run().sequence().request().needsLogits()));
    return rows;
  }
}
