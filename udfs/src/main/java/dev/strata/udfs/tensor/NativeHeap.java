package dev.strata.udfs.tensor;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The memory that native code takes of the C library. */
public final class NativeHeap {

  private static final Logger LOG = LoggerFactory.getLogger(NativeHeap.class);

  private static final String COMMANDS = "com.sun.management:type=DiagnosticCommand";
  private static final String TRIM = "systemTrimNativeHeap";

  private NativeHeap() {}

  /**
   * Gives freed memory back to the operating system, which glibc keeps for whoever asks next: of an
   * engine of 512 MiB some 20 MiB each time, and half a gigabyte after 25 engines. Does nothing
   * where the JVM or the C library knows no such thing.
   */
  public static void trim() {
    try {
      ManagementFactory.getPlatformMBeanServer()
          .invoke(new ObjectName(COMMANDS), TRIM, new Object[0], new String[0]);
    } catch (JMException | RuntimeException e) {
      LOG.debug("native memory stays with the C library", e);
    }
  }
}
