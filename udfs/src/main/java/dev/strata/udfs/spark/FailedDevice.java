package dev.strata.udfs.spark;

import dev.strata.udfs.api.JvmErrors;
import dev.strata.udfs.concurrent.Daemons;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends an executor whose device failed, or that is in a call that does not come back, with an exit
 * code of its own: nothing in the process can use the device again, and Spark tries its tasks
 * elsewhere. A driver, where the master is local or in a notebook, only says so.
 */
final class FailedDevice {

  private static final Logger LOG = LoggerFactory.getLogger(FailedDevice.class);

  /** Spark's name for the executor that the driver's process is. */
  private static final String DRIVER = "driver";

  /** How long journals may take to be written. */
  private static final long LONGEST_END_MILLIS = TimeUnit.SECONDS.toMillis(30);

  /** That of this process. */
  static final FailedDevice OF_THIS_JVM =
      new FailedDevice(FailedDevice::isOnExecutor, Runtime.getRuntime()::halt);

  private final BooleanSupplier isOnExecutor;
  private final IntConsumer halt;

  FailedDevice(BooleanSupplier isOnExecutor, IntConsumer halt) {
    this.isOnExecutor = isOnExecutor;
    this.halt = halt;
  }

  private static boolean isOnExecutor() {
    SparkEnv environment = SparkEnv.get();
    return environment != null && !environment.executorId().equals(DRIVER);
  }

  /**
   * The result of work that uses the device, whose errors become exceptions that a person can read.
   * Does not return where the device failed on an executor.
   */
  <T> T ends(Supplier<T> work) {
    try {
      return JvmErrors.told(work);
    } catch (RuntimeException e) {
      OptionalInt code = ExecutorEnd.codeAfter(e);
      if (code.isPresent() && isOnExecutor.getAsBoolean()) {
        end(code.getAsInt(), e);
      }
      throw e;
    }
  }

  private void end(int code, RuntimeException failure) {
    LOG.error(
        "this executor ends with {}; its tasks go on elsewhere: {}",
        ExecutorEnd.told(code),
        failure.getMessage(),
        failure);
    Thread journals = Daemons.thread("strata-journals-end", TaskJournal::endAll);
    journals.start();
    try {
      journals.join(LONGEST_END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      halt.accept(code);
    }
  }
}
