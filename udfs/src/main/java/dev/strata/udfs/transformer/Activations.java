package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory that the activations of one block live in besides the residual stream, allocated once;
 * the block's rows start at 0. Buffers that are never in use at the same time share it: two slots
 * are enough for a layer whose attention's result takes the place of its input.
 */
public final class Activations implements AutoCloseable {

  private record View(int slot, int rows, int width) {}

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final NumberType type;
  private final ActivationSizes sizes;
  private final List<Tensor> slots = new ArrayList<>();
  private final Map<View, Tensor> views = new HashMap<>();
  private int blockTokens;

  public Activations(
      ComputeDevice device, NumberType type, ActivationSizes sizes, int blockTokens) {
    this.device = device;
    this.type = type;
    this.sizes = sizes;
    allocate(blockTokens);
  }

  private void allocate(int tokens) {
    blockTokens = tokens;
    try {
      for (int width : sizes.slots()) {
        slots.add(holdings.add(device.allocate(ActivationSizes.OWNER, type, tokens, width)));
      }
    } catch (Throwable e) {
      forget();
      holdings.closeAfter(e);
      throw e;
    }
  }

  /** [blockTokens, width] at the beginning of a slot. */
  Tensor buffer(int slot, int width) {
    return view(slot, blockTokens, width);
  }

  private Tensor view(int slot, int rows, int width) {
    return views.computeIfAbsent(new View(slot, rows, width), this::view);
  }

  private Tensor view(View view) {
    return holdings.add(device.kernels().matrix(slots.get(view.slot()), view.rows(), view.width()));
  }

  /** How many rows of a width a slot has room for. */
  int rows(int slot, int width) {
    return Math.toIntExact(slots.get(slot).elements() / width);
  }

  /** All of a slot as rows of a width. */
  Tensor whole(int slot, int width) {
    return view(slot, rows(slot, width), width);
  }

  /** Of their elements. */
  NumberType type() {
    return type;
  }

  /**
   * Makes room for blocks of another size; what is in the buffers is lost. Where that fails there
   * are no buffers, and another size may be tried.
   */
  public void resize(int tokens) {
    close();
    device.releaseCached();
    allocate(tokens);
  }

  private void forget() {
    slots.clear();
    views.clear();
  }

  @Override
  public void close() {
    forget();
    holdings.close();
  }
}
