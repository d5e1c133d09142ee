package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;
import java.util.function.Supplier;

/**
 * The gate through which kernels and allocations go into native code. A device opened with one of
 * another kind has its calls seen, held back or failed there.
 */
interface NativeCalls {

  /** Lets every call through at once. */
  NativeCalls DIRECT = new NativeCalls() {};

  /** A call whose result the caller waits for. */
  default IValue call(ScriptCall call) {
    return call.invoke();
  }

  /** A call that is made for what it does to its arguments, which need not be done at once. */
  default void run(ScriptCall call) {
    call.send();
  }

  /**
   * Work of native code that is no method of a script: a script is loaded, numbers are brought to
   * the device or back.
   */
  default <T> T other(String what, Supplier<T> work) {
    return work.get();
  }
}
