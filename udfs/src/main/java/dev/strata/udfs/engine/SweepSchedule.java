package dev.strata.udfs.engine;

import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.kv.StateBatch;
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
   * A token after which the head is computed.
   *
   * @param token the token in the sweep's order
   * @param position its position in its sequence
   * @param choosesToken whether the sequence's next token is chosen from its logits
   * @param targets tokens whose log-probabilities are wanted after it
   */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  record HeadRow(SweepRun run, int token, int position, boolean choosesToken, int[] targets) {

    boolean needsLogits() {
      return run.sequence().request().ask().needsLogits();
    }

    boolean isRead() {
      return targets.length > 0;
    }

    /** Takes the log-probabilities of the targets, and the likeliest of all tokens. */
    void found(float[] logProbabilities, int likeliest) {
      run.found(token - run.first(), logProbabilities, likeliest);
    }
  }

  private static final String OWNER = "sweep's schedule";

  /** A run, its count, its order and its tokens in the head. */
  private static final int RUN_BYTES = 256;

  private final List<SweepRun> runs;
  private final int tokens;

  private SweepSchedule(List<SweepRun> runs) {
    this.runs = runs;
    this.tokens = runs.stream().mapToInt(SweepRun::count).sum();
  }

  /** Deals a sweep out among the sequences of a wave. */
  static SweepSchedule of(List<Sequence> wave, SweepLimits limits) {
    return new SweepSchedule(SweepParts.of(wave, limits));
  }

  /** What a schedule of so many runs takes, its tokens' positions and ids included. */
  static Footprint footprint(int runs, int tokens) {
    long perToken = 2L * Long.BYTES + Integer.BYTES;
    return Footprint.heap(OWNER, (long) runs * RUN_BYTES + tokens * perToken);
  }

  List<SweepRun> runs() {
    return runs;
  }

  /** Tokens of the whole sweep. */
  int tokens() {
    return tokens;
  }

  /** How many of them are of prompts and go through the model for the first time. */
  int promptTokens() {
    return runs.stream().mapToInt(SweepRun::promptTokens).sum();
  }

  /** How many of them go through the model again because their sequence was put back. */
  int resumedTokens() {
    return runs.stream().mapToInt(SweepRun::resumed).sum();
  }

  /**
   * The sweep's tokens in micro-batches of at most {@code blockTokens}. A sequence is cut in two
   * only where it is longer than that: its second part would have to wait for the first part's keys
   * and values.
   */
  List<TokenBlock> blocks(int blockTokens, KvBatch.Cutter cutter, StateBatch.Cutter states) {
    List<TokenBlock> blocks = new ArrayList<>();
    List<KvBatch.Run> parts = new ArrayList<>();
    List<StateBatch.Run> going = new ArrayList<>();
    int begin = 0;
    int end = 0;
    for (SweepRun run : runs) {
      for (int done = 0; done < run.count(); ) {
        boolean startsAnew = done == 0 && run.count() <= blockTokens;
        int room = blockTokens - (end - begin);
        if (room == 0 || (startsAnew && run.count() > room)) {
          blocks.add(new TokenBlock(begin, end - begin, cutter.cut(parts), states.cut(going)));
          parts = new ArrayList<>();
          going = new ArrayList<>();
          begin = end;
          room = blockTokens;
        }
        int count = Math.min(room, run.count() - done);
        parts.add(run.ofBatch(done, count));
        going.add(run.states(done, end - begin, count));
        done += count;
        end += count;
      }
    }
    blocks.add(new TokenBlock(begin, end - begin, cutter.cut(parts), states.cut(going)));
    return blocks;
  }

  /** Each token's position in its sequence. */
  long[] positions() {
    return perToken((run, i) -> run.position() + i);
  }

  /** How many tokens each token's sequence has for it: all of a prompt for its tokens. */
  long[] spans() {
    return perToken(SweepRun::span);
  }

  /** Each token's id. */
  int[] tokenIds() {
    long[] ids = perToken(SweepRun::token);
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = (int) ids[i];
    }
    return narrow;
  }

  private interface TokenValue {
    long of(SweepRun run, int index);
  }

  private long[] perToken(TokenValue value) {
    long[] values = new long[tokens];
    for (SweepRun run : runs) {
      for (int i = 0; i < run.count(); i++) {
        values[run.first() + i] = value.of(run, i);
      }
    }
    return values;
  }

  /**
   * The tokens after which the head is computed: those whose logits are needed in full come first,
   * then those after which tokens' log-probabilities are.
   */
  List<HeadRow> headRows() {
    List<HeadRow> rows = new ArrayList<>();
    for (SweepRun run : runs) {
      for (int i = 0; i < run.count(); i++) {
        int[] targets = run.targets(i);
        boolean chooses = i == run.count() - 1 && run.choosesToken();
        if (targets.length > 0 || chooses || isObserved(run, i)) {
          rows.add(new HeadRow(run, run.first() + i, run.position() + i, chooses, targets));
        }
      }
    }
    rows.sort(Comparator.comparing(row -> row.needsLogits() ? 0 : row.isRead() ? 1 : 2));
    return rows;
  }

  /** What was observed before the sequence was put back is not observed again. */
  private static boolean isObserved(SweepRun run, int index) {
    return index >= run.resumed() && SweepParts.observesAll(run.sequence());
  }

  /** The runs whose tokens' last hidden states are wanted. */
  List<SweepRun> pooledRuns() {
    return runs.stream()
        .filter(run -> run.sequence().reading() != null && run.sequence().reading().poolsStates())
        .toList();
  }

  /** Whether all its sequences end with the sweep, whatever tokens are chosen. */
  boolean endsAllRows() {
    Map<Sequence, SweepRun> last = new HashMap<>();
    runs.forEach(run -> last.put(run.sequence(), run));
    return last.values().stream().allMatch(SweepRun::endsRow);
  }

  /** How many sequences take part. */
  int sequences() {
    return (int) runs.stream().map(SweepRun::sequence).distinct().count();
  }
}
