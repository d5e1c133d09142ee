package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * A call of a script's method.
 *
 * @param script whose method it is
 * @param method its name
 * @param arguments {@link Tensor}, Long, Integer, Double, Boolean, long[] or IValue, all of them
 *     open while the call is made
 */
record ScriptCall(TorchScript script, String method, List<Object> arguments) {

  /** Makes the call, in one crossing into native code. */
  IValue invoke() {
    return script.invoke(method, arguments);
  }

  /** Makes the call for what it does, or leaves it to the calling thread's lane to make. */
  void send() {
    script.send(method, arguments);
  }
}
