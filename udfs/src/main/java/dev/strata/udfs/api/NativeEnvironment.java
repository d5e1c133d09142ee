package dev.strata.udfs.api;

import java.util.Map;
import java.util.Optional;

/**
 * Environment variables that native libraries read when a JVM starts, so that it is too late for
 * them afterwards. The launcher exports them, executors get them by {@code spark.executorEnv.*}.
 */
public final class NativeEnvironment {

  /** How PyTorch allocates pinned memory. */
  public static final String ALLOCATOR = "PYTORCH_CUDA_ALLOC_CONF";

  private static final String REGISTERS = "pinned_use_cuda_host_register:True";

  private static final Map<String, String> DEFAULTS =
      Map.of(
          // Threads that spin while they wait take the cores of the others.
          "OMP_WAIT_POLICY",
          "PASSIVE",
          // Nothing is looked for on the internet, and nothing sent there.
          "OPT_OUT_TRACKING",
          "true",
          "DJL_OFFLINE",
          "true",
          // Eight threads pin memory where otherwise one does.
          ALLOCATOR,
          REGISTERS + ",pinned_num_register_threads:16",
          // Memory in huge pages is pinned in half the time again.
          "GLIBC_TUNABLES",
          "glibc.malloc.hugetlb=1");

  private NativeEnvironment() {}

  /** The variables and their values. */
  public static Map<String, String> defaults() {
    return DEFAULTS;
  }

  /**
   * What a person should know of an environment in which memory is pinned by a single thread; empty
   * where it is not.
   */
  public static Optional<String> slowPinning(Map<String, String> environment) {
    String allocator = environment.getOrDefault(ALLOCATOR, "");
    return allocator.contains(REGISTERS)
        ? Optional.empty()
        : Optional.of(
            "host memory is pinned by one thread, about a second for each GiB; set %s=%s before the JVM starts"
                .formatted(ALLOCATOR, DEFAULTS.get(ALLOCATOR)));
  }
}
