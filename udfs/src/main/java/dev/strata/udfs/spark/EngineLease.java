package dev.strata.udfs.spark;

import dev.strata.udfs.concurrent.Failures;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A task's hold on an engine, from when it asks for it. */
final class EngineLease<E extends SharedEngine> implements AutoCloseable {

  private final EngineRegistry<E> registry;
  private final EngineSlot<E> slot;
  private final long task;
  private final Duration idleTimeout;
  private final CompletableFuture<E> engine;

  EngineLease(EngineRegistry<E> registry, EngineSlot<E> slot, EngineRequest request) {
    this.registry = registry;
    this.slot = slot;
    this.task = request.task();
    this.idleTimeout = request.idleTimeout();
    this.engine = slot.started().copy();
  }

  /** Waits until the engine is there, or it is clear that it will not be. */
  void await() throws InterruptedException {
    try {
      engine.get();
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    }
  }

  /** All who wait for a start hear the same of its failure. */
  private static RuntimeException rethrown(Throwable failure) {
    Failures.throwUnchecked(failure);
    return new IllegalStateException(failure);
  }

  /** Tells the task that it gets no engine. */
  void refuse(RuntimeException reason) {
    engine.completeExceptionally(reason);
  }

  /** Whether the task has heard that it gets no engine: it does not wait any more. */
  boolean isRefused() {
    return engine.isCompletedExceptionally();
  }

  /** The engine, which may have failed or been stopped meanwhile: its calls say so. */
  E get() {
    return engine.join();
  }

  long task() {
    return task;
  }

  Duration idleTimeout() {
    return idleTimeout;
  }

  EngineSlot<E> slot() {
    return slot;
  }

  @Override
  public void close() {
    registry.release(this);
  }
}
