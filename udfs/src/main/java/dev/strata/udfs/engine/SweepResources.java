package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.NoStates;
import dev.strata.udfs.kv.ResidentKv;
import dev.strata.udfs.kv.ResidentStates;
import dev.strata.udfs.kv.StateMemory;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.kv.StreamedKv;
import dev.strata.udfs.kv.StreamedStates;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.ActivationSizes;
import dev.strata.udfs.transformer.Activations;
import dev.strata.udfs.transformer.Choices;
import dev.strata.udfs.transformer.ExpertResults;
import dev.strata.udfs.transformer.Positions;
import dev.strata.udfs.transformer.ResidentWeights;
import dev.strata.udfs.transformer.Transformer;
import java.io.IOException;
import java.util.Set;

/** Makes all that sweeps need, by the memory plan, and closes it together. */
final class SweepResources implements AutoCloseable {

  // Closed in the reverse of the order in which they were made, so that what failed half-way leaves
  // nothing behind.
  private final Holdings holdings = new Holdings();
  private final DecoderSpec spec;
  private final ComputeDevice device;
  private final MemoryPlan plan;
  private final Lanes lanes;
  private final WeightStream weights;
  private final SweepMemory memory;
  private final Positions.Ropes ropes;
  // Null where the model has none.
  private final DeltaRules rules;
  private final Transformer transformer;
  private final Head head;

  SweepResources(
      Checkpoint checkpoint,
      ComputeDevice device,
      MemoryPlan plan,
      EngineOptions options,
      EngineListener listener) {
    this.spec = checkpoint.spec();
    this.device = device;
    this.plan = plan;
    try {
      this.lanes = holdings.add(new Lanes(device));
      lanes.compute().bind();
      ResidentWeights vectors = holdings.add(new ResidentWeights(device));
      load(checkpoint, vectors);
      this.ropes = holdings.add(new Positions.Ropes(device, spec));
      this.rules = spec.recurrences().isEmpty() ? null : new DeltaRules(device);
      this.memory = memory(checkpoint);
      this.transformer =
          new Transformer(
              device,
              lanes.compute(),
              spec,
              vectors,
              memory.kv(),
              memory.states(),
              rules,
              memory.activations(),
              memory.choices(),
              memory.results());
      Set<Integer> stopTokens = checkpoint.generation().stopTokens();
      this.head = holdings.add(new Head(device, transformer, spec, stopTokens, plan.logitRows()));
      this.weights =
          holdings.add(
              new WeightStream(
                  device,
                  spec,
                  LayerStore.of(checkpoint, plan.tileBytes()),
                  plan,
                  lanes,
                  cores(options),
                  listener));
      holdings.add(device::dropHostMemory); // threads that are waited for may wait for it
    } catch (IOException e) {
      holdings.closeAfter(e);
      throw new IllegalStateException(e);
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private static int cores(EngineOptions options) {
    return options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
  }

  private void load(Checkpoint checkpoint, ResidentWeights vectors) throws IOException {
    for (Weight weight : checkpoint.vectors()) {
      NumberType stored = Numbers.typeOf(weight.type());
      try (Tensor read =
          device.allocateHost(ResidentWeights.OWNER, stored, weight.spec().elements())) {
        checkpoint.read(weight, 0, read.buffer());
        vectors.put(weight.spec(), vector(read, weight.spec()));
      }
    }
  }

  /** Of the compute type, or exact; what is added is added before numbers are rounded to it. */
  private Tensor vector(Tensor read, WeightSpec weight) {
    Kernels kernels = device.kernels();
    NumberType type = weight.isExact() ? NumberType.FLOAT32 : device.computeType();
    if (weight.offset() == 0) {
      return converted(read, type);
    }
    try (Tensor exact = converted(read, NumberType.FLOAT32)) {
      kernels.shift(exact, weight.offset());
      return converted(exact, type);
    }
  }

  private Tensor converted(Tensor vector, NumberType type) {
    return device.kernels().reshape(ResidentWeights.OWNER, vector, type, vector.elements());
  }

  private SweepMemory memory(Checkpoint checkpoint) {
    KvPool pool = holdings.add(pool());
    KvMemory kv = holdings.add(kv(pool));
    StatePool statePool = holdings.add(statePool());
    StateMemory states = holdings.add(states(statePool));
    Activations activations = holdings.add(activations());
    EmbeddingReader embedding =
        holdings.add(new EmbeddingReader(device, checkpoint, plan.choice().stagedRows()));
    HiddenStates hidden = holdings.add(hidden(embedding));
    return new SweepMemory(
        embedding, hidden, pool, kv, statePool, states, activations, choices(), results());
  }

  private Choices choices() {
    int most = spec.mostChosen();
    return most == 0 ? null : holdings.add(new Choices(device, plan.sweepTokens(), most));
  }

  private ExpertResults results() {
    return plan.computesExpertsAtOnce()
        ? holdings.add(
            new ExpertResults(
                device,
                device.activationType(spec.normsExactly()),
                spec.hiddenSize(),
                spec.mostChosen(),
                plan.blockTokens()))
        : null;
  }

  private Activations activations() {
    return new Activations(
        device,
        device.activationType(spec.normsExactly()),
        ActivationSizes.of(spec),
        plan.blockTokens());
  }

  private KvPool pool() {
    MemoryPlan.KvPlan kv = plan.kv();
    return kv.onHost()
        ? KvPool.onHost(device, kv.format(), kv.hostBytes())
        : KvPool.onDevice(device, spec, kv.tokens());
  }

  private KvMemory kv(KvPool pool) {
    return plan.kv().onHost()
        ? new StreamedKv(
            device,
            spec,
            pool,
            plan.choice().kvSlotTokens(),
            plan.blockTokens(),
            lanes.compute(),
            lanes.kvIn(),
            lanes.kvOut())
        : new ResidentKv(device, pool, plan.blockTokens());
  }

  private StatePool statePool() {
    StatePlan states = plan.states();
    return states.onHost()
        ? StatePool.onHost(device, states.format(), states.segments())
        : StatePool.onDevice(device, states.format(), states.places());
  }

  private StateMemory states(StatePool pool) {
    StatePlan states = plan.states();
    if (states.format().isEmpty()) {
      return new NoStates(pool);
    }
    return states.onHost()
        ? new StreamedStates(
            device,
            rules,
            pool,
            states.slotRows(),
            lanes.compute(),
            lanes.statesIn(),
            lanes.statesOut())
        : new ResidentStates(device, rules, pool, states.slotRows());
  }

  private HiddenStates hidden(EmbeddingReader embedding) {
    return plan.isStaged()
        ? new SpilledHidden(
            device,
            embedding,
            plan.blockTokens(),
            TokenState.of(spec),
            plan.sweepTokens(),
            lanes.compute(),
            lanes.hiddenIn(),
            lanes.hiddenOut())
        : new ResidentHidden(device, embedding, plan.sweepTokens(), TokenState.of(spec));
  }

  Lanes lanes() {
    return lanes;
  }

  WeightStream weights() {
    return weights;
  }

  SweepMemory memory() {
    return memory;
  }

  Positions.Ropes ropes() {
    return ropes;
  }

  Transformer transformer() {
    return transformer;
  }

  Head head() {
    return head;
  }

  @Override
  public void close() {
    try {
      holdings.close();
    } catch (IllegalStateException e) {
      throw new IllegalStateException("closing the engine failed: " + e.getMessage(), e);
    }
  }
}
