package dev.strata.udfs.engine;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.kv.Extent;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.model.DecoderSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The sequences that are active: who enters, who leaves, and the extents they hold.
 *
 * <p>A row enters where there is room for its prompt and the completion that is to be expected. One
 * that outgrows its extent gets a longer one: at its place, or else elsewhere, as copying keys and
 * values costs much less than computing them again. Where there is none, the youngest sequence is
 * put back and waits, with all it has generated, until there is room for all it may become; then
 * its tokens go through the model once more. The oldest is never put back, and who was put back
 * goes before new rows, so that every row ends. A row of whose prompt something is read, and
 * nothing comes after it, needs no extent where its prompt goes through the model whole.
 */
final class Wave {

  /** Slots that an extent gets beyond what it needs, so that it does not move for every token. */
  private static final int GROWTH = 32;

  private final DecoderSpec spec;
  private final MemoryPlan plan;
  private final KvPool pool;
  private final StatePool states;
  private final Supplier<SweepLimits> limits;
  private final int longestSequence;
  private final ExpectedLength expected = new ExpectedLength();
  // Both from the oldest to the youngest, and all that are active are older than those that rest.
  private final List<Sequence> active = new ArrayList<>();
  private final Deque<Sequence> resting = new ArrayDeque<>();
  private long putBackRows;

  /**
   * @param limits what a sweep can take now
   * @param longestSequence the most tokens that keys and values of one sequence can be kept for
   */
  Wave(
      DecoderSpec spec,
      MemoryPlan plan,
      KvPool pool,
      StatePool states,
      Supplier<SweepLimits> limits,
      int longestSequence) {
    this.spec = spec;
    this.plan = plan;
    this.pool = pool;
    this.states = states;
    this.limits = limits;
    this.longestSequence = longestSequence;
  }

  List<Sequence> active() {
    return active;
  }

  boolean isEmpty() {
    return active.isEmpty() && resting.isEmpty();
  }

  /** Sequences that were put back and wait for room. */
  int restingRows() {
    return resting.size();
  }

  /** How often a sequence was put back. */
  long putBackRows() {
    return putBackRows;
  }

  /** Sees to it that every active sequence has slots for all its tokens. */
  void makeRoom() {
    for (int i = 0; i < active.size(); i++) {
      makeRoom(i);
    }
  }

  private void makeRoom(int index) {
    Sequence sequence = active.get(index);
    try {
      while (index < active.size() && active.get(index) == sequence && !hasRoom(sequence)) {
        putBackYoungest();
      }
    } catch (Throwable e) {
      if (!OutOfDeviceMemory.isCauseOf(e)) {
        throw e;
      }
      putBackFrom(index);
    }
  }

  /**
   * A sequence whose keys and values were lost while they moved, and its extent with them, has to
   * go through the model again; the younger ones go back with it, so that they stay younger.
   */
  private void putBackFrom(int index) {
    for (int i = active.size() - 1; i > index; i--) {
      if (!active.get(i).passes()) {
        putBack(i);
      }
    }
    Sequence lost = active.remove(index);
    states.release(lost.states());
    lost.putBack();
    resting.addFirst(lost);
    putBackRows++;
  }

  private boolean hasRoom(Sequence sequence) {
    if (sequence.passes()) {
      return true;
    }
    int needed = sequence.length();
    int generous = Math.min(sequence.mostSlots(), needed + GROWTH);
    Extent extent = sequence.extent();
    if (needed <= extent.tokens()) {
      return true;
    }
    Optional<Extent> longer =
        pool.grow(extent, generous)
            .or(() -> pool.grow(extent, needed))
            .or(() -> pool.move(extent, generous, sequence.cached()))
            .or(() -> pool.move(extent, needed, sequence.cached()));
    longer.ifPresent(sequence::moveTo);
    return longer.isPresent();
  }

  private void putBackYoungest() {
    int[] kept = IntStream.range(0, active.size()).filter(i -> !active.get(i).passes()).toArray();
    if (kept.length == 1) {
      throw lostTokens();
    }
    putBack(kept[kept.length - 1]);
  }

  private void putBack(int index) {
    Sequence sequence = active.remove(index);
    giveBack(sequence);
    sequence.putBack();
    resting.addFirst(sequence);
    putBackRows++;
  }

  private void giveBack(Sequence sequence) {
    release(sequence.extent());
    states.release(sequence.states());
  }

  /** Gives an extent back, if a row has one. */
  private void release(Extent extent) {
    if (extent != null) {
      pool.release(extent);
    }
  }

  /** Puts those back, to have an extent next time, that are too long now to pass. */
  void keepLong() {
    SweepLimits now = limits.get();
    for (int i = active.size() - 1; i >= 0; i--) {
      Sequence sequence = active.get(i);
      if (sequence.passes() && sequence.length() > now.passing()) {
        putBack(i);
        sequence.keep();
      }
    }
  }

  /** A sequence that fits the pool alone was let in, so this is an error in here. */
  private IllegalStateException lostTokens() {
    return new IllegalStateException(
        String.format(
            "the KV pool has no room for a single row: %d of %d tokens are free",
            pool.freeTokens(), pool.capacity()));
  }

  /** Lets sequences in again that were put back, where each has room for all it may become. */
  void resume() {
    while (!resting.isEmpty() && hasPlace(resting.peek().request())) {
      Optional<Extent> extent = reserve(resting.peek().mostSlots());
      if (extent.isEmpty()) {
        return;
      }
      Optional<Extent> places = reserveStates(resting.peek().request().ask(), extent.get());
      if (places.isEmpty()) {
        return;
      }
      Sequence sequence = resting.remove();
      sequence.comeBack(extent.get(), places.get());
      active.add(sequence);
    }
  }

  private Optional<Extent> reserve(int tokens) {
    Optional<Extent> extent = pool.reserve(tokens);
    if (extent.isEmpty() && active.stream().allMatch(Sequence::passes)) {
      throw lostTokens();
    }
    return extent;
  }

  /** Places of states for a row; empty, and its extent is given back, where there are none. */
  private Optional<Extent> reserveStates(Ask ask, Extent extent) {
    Optional<Extent> places = states.reserve(Sequence.statePlaces(ask));
    if (places.isEmpty()) {
      release(extent);
    }
    return places;
  }

  /**
   * Lets a row in if there is room for it.
   *
   * @param reject gets rows that can never enter, with the reason
   * @return whether the row is dealt with; if not, it has to wait
   */
  boolean admit(RowQueue.Entry entry, BiConsumer<EngineClient, RowResult> reject) {
    RowRequest request = entry.request();
    int promptLength = request.prompt().length();
    int maxLength = maxLength(request);
    String error = unfit(request.ask(), promptLength, maxLength);
    if (error != null) {
      reject.accept(entry.client(), failed(request, error));
      return true;
    }
    if (!resting.isEmpty() || !hasPlace(request)) {
      return false;
    }
    Extent extent = null;
    if (!passes(request)) {
      extent = reserve(expectedSlots(request.ask(), promptLength, maxLength)).orElse(null);
      if (extent == null) {
        return false;
      }
    }
    Optional<Extent> places = reserveStates(request.ask(), extent);
    if (places.isEmpty()) {
      return false;
    }
    try {
      active.add(sequence(entry, extent, places.get(), maxLength));
    } catch (RuntimeException | StackOverflowError e) {
      release(extent);
      states.release(places.get());
      String reason =
          e instanceof RowException ? e.getMessage() : "its prompt cannot be read: " + e;
      reject.accept(entry.client(), failed(request, reason));
    }
    return true;
  }

  private boolean passes(RowRequest request) {
    int length = request.prompt().length();
    Ask ask = request.ask();
    return ask.endsWithPrompt() && limits.get().letPass(length, ask.rowsToRead(length));
  }

  private Sequence sequence(RowQueue.Entry entry, Extent extent, Extent places, int maxLength) {
    Sequence sequence =
        new Sequence(entry.request(), entry.client(), extent, places, maxLength, spec.hiddenSize());
    OptionalInt unknown = sequence.tokenOutside(spec.vocabSize());
    if (unknown.isPresent()) {
      throw new RowException(
          String.format(
              "the prompt has token %d, but the model's vocabulary has %d tokens",
              unknown.getAsInt(), spec.vocabSize()));
    }
    return sequence;
  }

  /** Where a whole wave of the longest rows fits, each has its full length from the start. */
  private int expectedSlots(Ask ask, int promptLength, int maxLength) {
    int most = Sequence.slots(promptLength, maxLength);
    if (!(ask instanceof Ask.Generate generate)) {
      return most;
    }
    int share = pool.capacity() / plan.waveRows();
    int begun = promptLength + generate.begun().length;
    int likely = Math.max(begun, promptLength + expected.of(maxLength - promptLength));
    return Math.min(most, Math.max(share, likely));
  }

  /** A generated text ends with the context; what is read has to be in it whole. */
  private int maxLength(RowRequest request) {
    long wanted = (long) request.prompt().length() + request.ask().mostNewTokens();
    long most = request.ask() instanceof Ask.Generate ? spec.contextLength() : Integer.MAX_VALUE;
    return (int) Math.min(wanted, most);
  }

  private String unfit(Ask ask, int promptLength, int maxLength) {
    if (promptLength == 0) {
      return "the prompt has no tokens";
    }
    if (!(ask instanceof Ask.Generate generate)) {
      return unfitToRead(promptLength, maxLength);
    }
    if (promptLength >= spec.contextLength()) {
      return String.format(
          "the prompt has %d tokens, but the model's context holds %d and at least one is"
              + " generated",
          promptLength, spec.contextLength());
    }
    if (generate.begun().length >= maxLength - promptLength) {
      return String.format(
          "%d tokens were generated before, but the row may have only %d",
          generate.begun().length, maxLength - promptLength);
    }
    return tooLong(promptLength, maxLength);
  }

  private String unfitToRead(int promptLength, int maxLength) {
    int slots = Sequence.slots(promptLength, maxLength);
    if (slots > spec.contextLength()) {
      return String.format(
          "the text has %d tokens, but the model's context holds %d", slots, spec.contextLength());
    }
    return tooLong(promptLength, maxLength);
  }

  private String tooLong(int promptLength, int maxLength) {
    int slots = Sequence.slots(promptLength, maxLength);
    return slots <= longestSequence
        ? null
        : String.format(
            "prompt and completion need %d tokens, but the memory plan's KV pool holds %d; give"
                + " more memory or fewer new tokens",
            slots, longestSequence);
  }

  private boolean hasPlace(RowRequest request) {
    return active.size() < plan.waveRows() && hasLogitRow(request);
  }

  private boolean hasLogitRow(RowRequest request) {
    long used = active.stream().filter(s -> s.request().ask().needsLogits()).count();
    return !request.ask().needsLogits() || used < plan.logitRows();
  }

  /** Nothing was computed, and another engine may have more memory. */
  private static RowResult failed(RowRequest request, String error) {
    return RowResult.failed(request.key(), error, true);
  }

  /** Lets those go that are finished. */
  List<Sequence> removeFinished() {
    List<Sequence> finished = remove(Sequence::isFinished);
    finished.stream()
        .filter(s -> s.generation() != null)
        .forEach(s -> expected.ended(s.length() - s.promptLength()));
    return finished;
  }

  /** Lets sequences go that match, and gives their extents back. */
  List<Sequence> remove(Predicate<Sequence> leaves) {
    resting.removeIf(leaves);
    List<Sequence> left = new ArrayList<>();
    for (Iterator<Sequence> it = active.iterator(); it.hasNext(); ) {
      Sequence sequence = it.next();
      if (leaves.test(sequence)) {
        it.remove();
        giveBack(sequence);
        left.add(sequence);
      }
    }
    return left;
  }
}
