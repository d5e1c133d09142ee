package dev.strata.udfs.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Deals a sweep out among sequences. Those that only need their next token go first, then
 * continuations of prompts that are through, then prompts, in chunks where the sweep is too small.
 */
final class SweepParts {

  /**
   * What goes through the model of one sequence.
   *
   * @param round how many parts of the same sequence go before
   */
  private record Part(Sequence sequence, int continuation, int position, int count, int round) {}

  private final SweepLimits limits;
  private final List<Part> parts = new ArrayList<>();
  private int freeTokens;
  private int freeLogitRows;
  private int freeReadRows;

  private SweepParts(List<Sequence> wave, SweepLimits limits) {
    this.limits = limits;
    this.freeTokens = limits.tokens();
    this.freeLogitRows =
        limits.logitRows() - (int) wave.stream().filter(SweepParts::needsOneRow).count();
    this.freeReadRows = limits.readRows();
  }

  /** The runs of a sweep in its order. */
  static List<SweepRun> of(List<Sequence> wave, SweepLimits limits) {
    SweepParts parts = new SweepParts(wave, limits);
    wave.stream().sorted(Comparator.comparing(SweepParts::turn)).forEach(parts::add);
    return parts.runs();
  }

  private static int turn(Sequence sequence) {
    return sequence.pending() == 1 ? 0 : sequence.pending() == 0 ? 1 : 2;
  }

  private static boolean needsOneRow(Sequence sequence) {
    return sequence.request().ask().needsLogits() && !observesAll(sequence);
  }

  static boolean observesAll(Sequence sequence) {
    Ask.Generate generation = sequence.generation();
    return generation != null
        && generation.observer() != null
        && generation.observer().everyPosition();
  }

  private void add(Sequence sequence) {
    if (sequence.pending() == 0) {
      addContinuations(sequence, sequence.reading().choices());
    } else {
      addOwn(sequence);
    }
  }

  private void addOwn(Sequence sequence) {
    if (sequence.passes() && !hasRoomForWhole(sequence)) {
      return;
    }
    int count = Math.min(sequence.pending(), freeTokens);
    if (observesAll(sequence)) {
      count = Math.min(count, freeLogitRows);
      freeLogitRows -= count;
    }
    if (sequence.reading() != null) {
      count = affordable(sequence.reading(), sequence.cached(), count);
      freeReadRows -= Math.min(freeReadRows, sequence.reading().rows(sequence.cached(), count));
    }
    add(sequence, SweepRun.OWN, sequence.cached(), count, 0);
  }

  private boolean hasRoomForWhole(Sequence sequence) {
    return sequence.pending() <= freeTokens
        && sequence.request().ask().rowsToRead(sequence.pending()) <= freeReadRows;
  }

  private int affordable(Reading reading, int position, int count) {
    int most = reading.affordable(position, count, freeReadRows);
    // What needs more than there is goes nevertheless, where nothing else does.
    boolean isAlone = most == 0 && count > 0 && freeReadRows == limits.readRows();
    return isAlone ? 1 : most;
  }

  /**
   * Whole continuations as far as there is room. One that goes in pieces has none before it in a
   * sweep: what they leave in its slots might be stored after its own keys and values. Where layers
   * attend to what earlier ones left there, each goes alone.
   */
  private void addContinuations(Sequence sequence, Choices choices) {
    int round = 0;
    for (int i = choices.current(); i < choices.count(); i++) {
      int done = i == choices.current() ? choices.done() : 0;
      int left = choices.tokens(i) - done;
      int room = Math.min(freeTokens, freeReadRows);
      if (round > 0 && (left > room || limits.sharedKeys())) {
        return;
      }
      int count = Math.min(left, room);
      freeReadRows -= count;
      add(sequence, i, sequence.promptLength() + done, count, round++);
    }
  }

  private void add(Sequence sequence, int continuation, int position, int count, int round) {
    if (count > 0) {
      parts.add(new Part(sequence, continuation, position, count, round));
      freeTokens -= count;
    }
  }

  /** Those that pass are behind all others. */
  private static int place(Sequence sequence) {
    return sequence.passes() ? Integer.MAX_VALUE : sequence.extent().begin();
  }

  /**
   * Side by side as in the KV pool, so that keys and values move in few copies; parts of one
   * sequence apart from each other, since attention sees its slots as one part leaves them.
   */
  private List<SweepRun> runs() {
    parts.sort(Comparator.comparingInt(Part::round).thenComparing(part -> place(part.sequence())));
    List<SweepRun> runs = new ArrayList<>();
    int first = 0;
    for (Part part : parts) {
      runs.add(
          new SweepRun(part.sequence(), part.continuation(), first, part.position(), part.count()));
      first += part.count();
    }
    return runs;
  }
}
