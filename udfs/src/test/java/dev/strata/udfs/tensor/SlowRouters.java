package dev.strata.udfs.tensor;

import java.util.concurrent.locks.LockSupport;

/** A device whose routers take longer than they do, as behind an attention that does. */
public final class SlowRouters {

  private SlowRouters() {}

  /** Opens a device, see {@link ComputeDevice#open}. */
  public static ComputeDevice open(String name, String computeType, int threads, long nanos) {
    return ComputeDevice.open(
        name,
        computeType,
        threads,
        new NativeCalls() {
          @Override
          public void run(ScriptCall call) {
            call.send();
            if (call.method().equals("route")) {
              long until = System.nanoTime() + nanos;
              for (long left = nanos; left > 0; left = until - System.nanoTime()) {
                LockSupport.parkNanos(left);
              }
            }
          }
        });
  }
}
