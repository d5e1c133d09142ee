package dev.strata.udfs.journal;

import dev.strata.udfs.api.Sha256;
import java.util.UUID;

/**
 * Who writes to a journal: one task, as often as it is tried.
 *
 * @param buckets those of the task's rows
 * @param jvm names the process, as {@link #jvm(String, String)} does
 * @param name a name that nobody else has, which begins with that of the process
 * @param isRetry whether the task was tried before in this application
 */
public record Attempt(Buckets buckets, String jvm, String name, boolean isRetry) {

  private static final int JVM_DIGITS = 8;

  /** An attempt with a name of its own. */
  public static Attempt of(Buckets buckets, String jvm, boolean isRetry) {
    String own = UUID.randomUUID().toString().substring(0, JVM_DIGITS);
    return new Attempt(buckets, jvm, jvm + own, isRetry);
  }

  /** The name of a process of an application, which its driver knows as well. */
  public static String jvm(String application, String executor) {
    return new Sha256().add(application).add(executor).hex(JVM_DIGITS);
  }

  /** The process of an attempt of this name. */
  static String jvmOf(String name) {
    return name.substring(0, JVM_DIGITS);
  }
}
