package dev.strata.udfs.engine;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.kv.Extent;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.model.DecoderSpec;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** The sequences that are active: who enters, who leaves, and the extents they hold. */
final class Wave {

  private final DecoderSpec spec;
  private final MemoryPlan plan;
  private final KvPool pool;
  private final int longestSequence;
  private final List<Sequence> active = new ArrayList<>();

  /**
   * @param longestSequence the most tokens that keys and values of one sequence can be kept for
   */
  Wave(DecoderSpec spec, MemoryPlan plan, KvPool pool, int longestSequence) {
    this.spec = spec;
    this.plan = plan;
    this.pool = pool;
    this.longestSequence = longestSequence;
  }

  List<Sequence> active() {
    return active;
  }

  /**
   * Lets a row in if there is room for it.
   *
   * @param reject gets rows that can never enter, with the reason
   * @return whether the row is dealt with; if not, it has to wait
   */
  boolean admit(RowQueue.Entry entry, BiConsumer<EngineClient, GenerationResult> reject) {
    GenerationRequest request = entry.request();
    int promptLength = request.prompt().length();
    int maxLength = maxLength(request);
    String error = unfit(promptLength, maxLength);
    if (error != null) {
      reject.accept(entry.client(), failed(request, error));
      return true;
    }
    if (active.size() >= plan.waveRows() || !hasLogitRow(request)) {
      return false;
    }
    Optional<Extent> extent = pool.reserve(maxLength - 1);
    if (extent.isEmpty()) {
      return false;
    }
    try {
      active.add(sequence(entry, extent.get(), maxLength));
    } catch (RuntimeException e) {
      pool.release(extent.get());
      String reason =
          e instanceof RowException ? e.getMessage() : "its prompt cannot be read: " + e;
      reject.accept(entry.client(), failed(request, reason));
    }
    return true;
  }

  private Sequence sequence(RowQueue.Entry entry, Extent extent, int maxLength) {
    Sequence sequence = new Sequence(entry.request(), entry.client(), extent, maxLength);
    int unknown = sequence.tokenOutside(spec.vocabSize());
    if (unknown >= 0) {
      throw new RowException(
          String.format(
              "the prompt has token %d, but the model's vocabulary has %d tokens",
              sequence.tokens()[unknown], spec.vocabSize()));
    }
    return sequence;
  }

  private int maxLength(GenerationRequest request) {
    long wanted = (long) request.prompt().length() + request.sampling().maxNewTokens();
    return (int) Math.min(wanted, spec.contextLength());
  }

  private String unfit(int promptLength, int maxLength) {
    if (promptLength == 0) {
      return "the prompt has no tokens";
    }
    if (promptLength >= spec.contextLength()) {
      return String.format(
          "the prompt has %d tokens, but the model's context holds %d and at least one is generated",
          promptLength, spec.contextLength());
    }
    if (maxLength - 1 > longestSequence) {
      return String.format(
          "prompt and completion need %d tokens, but the memory plan's KV pool holds %d; give more"
              + " memory or fewer new tokens",
          maxLength - 1, longestSequence);
    }
    return null;
  }

  private boolean hasLogitRow(GenerationRequest request) {
    long used = active.stream().filter(s -> s.request().needsLogits()).count();
    return !request.needsLogits() || used < plan.logitRows();
  }

  private static GenerationResult failed(GenerationRequest request, String error) {
    return new GenerationResult(request.key(), new int[0], FinishReason.ERROR, error);
  }

  /** Lets sequences go that match, and gives their extents back. */
  List<Sequence> remove(Predicate<Sequence> leaves) {
    List<Sequence> left = new ArrayList<>();
    for (Iterator<Sequence> it = active.iterator(); it.hasNext(); ) {
      Sequence sequence = it.next();
      if (leaves.test(sequence)) {
        it.remove();
        pool.release(sequence.extent());
        left.add(sequence);
      }
    }
    return left;
  }
}
