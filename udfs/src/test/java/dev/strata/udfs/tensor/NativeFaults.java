package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Counts the calls that go into native code, by their names, and lets one of them fail once: with
 * what PyTorch says, or anything else. For devices that are the host's processor.
 */
public final class NativeFaults {

  /**
   * A call into native code.
   *
   * @param name a script's method, or what else is done
   * @param number how many of the name were made before it
   */
  public record Call(String name, int number) {}

  private final Map<String, Integer> calls = new TreeMap<>();
  private Call failing;
  private Supplier<Throwable> problem;

  private final NativeCalls gate =
      new NativeCalls() {
        @Override
        public IValue call(ScriptCall call) {
          pass(call.method());
          return call.invoke();
        }

        @Override
        public void run(ScriptCall call) {
          pass(call.method());
          call.send();
        }

        @Override
        public <T> T other(String what, Supplier<T> work) {
          pass(what);
          return work.get();
        }
      };

  /** Opens a device whose calls are counted; see {@link ComputeDevice#open}. */
  public ComputeDevice open(String name, String computeType, int threads) {
    return ComputeDevice.open(name, computeType, threads, gate);
  }

  private void pass(String name) {
    Throwable thrown = null;
    synchronized (this) {
      int number = calls.merge(name, 1, Integer::sum) - 1;
      if (failing != null && failing.name().equals(name) && failing.number() == number) {
        failing = null;
        thrown = problem.get();
      }
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** How many calls of each name were made, in the order of names: one order in every run. */
  public synchronized SortedMap<String, Integer> calls() {
    return Collections.unmodifiableSortedMap(new TreeMap<>(calls));
  }

  /** Lets a call fail, counted from the device's opening. */
  public synchronized void fail(Call call, Supplier<Throwable> with) {
    failing = call;
    problem = with;
  }

  /** Whether the call that was to fail was made. */
  public synchronized boolean hasFailed() {
    return failing == null;
  }
}
