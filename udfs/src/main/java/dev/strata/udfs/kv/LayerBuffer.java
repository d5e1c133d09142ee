package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Memory for keys and values of some tokens in one layer at a time, as large as any needs. */
final class LayerBuffer implements AutoCloseable {

  private final Holdings holdings = new Holdings();
  private final Tensor memory;
  private final List<Tensor> layers = new ArrayList<>();

  /**
   * @param owner whose it is, for the device's account
   */
  LayerBuffer(ComputeDevice device, String owner, KvFormat format, int tokens) {
    long elements = format.layerTokenBytes() / format.type().bytes();
    this.memory = holdings.add(device.allocate(owner, format.type(), tokens * elements));
    Map<KvFormat.Heads, Tensor> views = new HashMap<>();
    try {
      for (int layer = 0; layer < format.layers().size(); layer++) {
        KvFormat.Heads heads = format.layers().get(layer);
        long[] shape = format.shape(layer, tokens);
        layers.add(
            heads.count() == 0
                ? device.none()
                : views.computeIfAbsent(
                    new KvFormat.Heads(heads.count(), heads.width(), 0),
                    unused -> holdings.add(device.kernels().seen(memory, shape))));
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /** All of it. */
  Tensor whole() {
    return memory;
  }

  /** [tokens, 2, kvHeads, width] of a layer. */
  Tensor of(int layer) {
    return layers.get(layer);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
