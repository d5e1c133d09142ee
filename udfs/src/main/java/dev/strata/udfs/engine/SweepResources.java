package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.ResidentKv;
import dev.strata.udfs.kv.StreamedKv;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.Activations;
import dev.strata.udfs.transformer.Positions;
import dev.strata.udfs.transformer.ResidentWeights;
import dev.strata.udfs.transformer.Transformer;
import java.io.IOException;

/** Makes all that sweeps need, by the memory plan, and closes it together. */
final class SweepResources implements AutoCloseable {

  private final Closings closings = new Closings();
  private final DecoderSpec spec;
  private final ComputeDevice device;
  private final MemoryPlan plan;
  private final Lanes lanes;
  private final WeightStream weights;
  private final SweepMemory memory;
  private final Positions.Ropes ropes;
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
      this.lanes = closings.add(new Lanes(device));
      lanes.compute().bind();
      ResidentWeights vectors = closings.add(new ResidentWeights(device));
      load(checkpoint, vectors);
      this.ropes = closings.add(new Positions.Ropes(device, spec));
      this.memory = memory(checkpoint);
      this.transformer =
          new Transformer(
              device, lanes.compute(), spec, vectors, memory.kv(), memory.activations());
      this.head = closings.add(new Head(device, transformer, spec, plan.logitRows()));
      this.weights =
          closings.add(
              new WeightStream(
                  device,
                  LayerStore.of(checkpoint, plan.tileBytes()),
                  plan,
                  lanes,
                  cores(options),
                  listener));
      closings.add(device::dropHostMemory); // threads that are waited for may wait for it
    } catch (RuntimeException | IOException | Error e) {
      throw closings.closeAfter(e);
    }
  }

  private static int cores(EngineOptions options) {
    return options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
  }

  private void load(Checkpoint checkpoint, ResidentWeights vectors) throws IOException {
    for (Weight weight : checkpoint.vectors()) {
      NumberType stored = Numbers.typeOf(weight.type());
      try (Tensor read = device.allocateHost(ResidentWeights.OWNER, stored, weight.columns())) {
        checkpoint.read(weight, 0, read.buffer());
        Tensor vector =
            device
                .kernels()
                .reshape(ResidentWeights.OWNER, read, device.computeType(), weight.columns());
        vectors.put(weight.role(), weight.layer(), vector);
      }
    }
  }

  private SweepMemory memory(Checkpoint checkpoint) {
    KvPool pool = closings.add(pool());
    KvMemory kv = closings.add(kv(pool));
    Activations activations = closings.add(new Activations(device, spec, plan.blockTokens()));
    EmbeddingReader embedding =
        closings.add(new EmbeddingReader(device, checkpoint, plan.choice().stagedRows()));
    HiddenStates hidden = closings.add(hidden(embedding));
    return new SweepMemory(embedding, hidden, pool, kv, activations);
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

  private HiddenStates hidden(EmbeddingReader embedding) {
    return plan.isStaged()
        ? new SpilledHidden(
            device,
            embedding,
            plan.blockTokens(),
            spec.hiddenSize(),
            plan.sweepTokens(),
            lanes.compute(),
            lanes.hiddenIn(),
            lanes.hiddenOut())
        : new ResidentHidden(device, embedding, plan.sweepTokens(), spec.hiddenSize());
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
    closings.close();
  }
}
